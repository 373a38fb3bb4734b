// Child processes for scripts: argument arrays, output kept for the error message, and nothing left behind.
import { spawn } from "node:child_process";

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** Ends a child that was started with `detached: true`, and everything it started. */
export function killTree(child, signal = "SIGKILL") {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

const killAll = () => {
  for (const child of running) killTree(child);
};
process.once("exit", killAll);
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.once(signal, () => process.exit(code));
}

/** Starts a child as leader of its own process group; the group is killed when this process ends. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options, detached: true });
  running.add(child);
  child.once("close", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env] Added to this process's environment.
 * @param {number} [options.timeout] Milliseconds; the whole process group is killed after them.
 * @param {(line: string) => void} [options.onLine] Sees every line of both outputs.
 * @param {boolean} [options.inherit] Both outputs go to the terminal; nothing is returned.
 * @throws {Error} When it cannot be started or ends with a non-zero code: with the last lines it printed.
 */
export async function run(command, args, options = {}) {
  const { cwd, env, timeout, onLine, inherit = false } = options;
  const child = start(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", inherit ? "inherit" : "pipe", inherit ? "inherit" : "pipe"],
  });
  const stdout = [];
  const tail = [];
  const watch = (stream, keep) => {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text) => {
      if (keep) stdout.push(text);
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        onLine?.(line);
        tail.push(line);
        if (tail.length > 40) tail.shift();
      }
    });
  };
  watch(child.stdout, true);
  watch(child.stderr, false);
  let timedOut = false;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          killTree(child);
        }, timeout);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode, signal) => resolve(exitCode ?? signal));
    });
    if (code === 0) return stdout.join("");
    const how = timedOut ? `did not end within ${timeout / 1000} s` : `ended with ${code}`;
    const shown = [command, ...args].join(" ");
    throw new Error(`${shown} ${how}${tail.length > 0 ? `:\n    ${tail.join("\n    ")}` : ""}`);
  } finally {
    clearTimeout(timer);
  }
}
