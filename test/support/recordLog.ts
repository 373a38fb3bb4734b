/** Logs as users make them: QEMU writes until somebody kills it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A machine that shows nothing: what it does is in its log. */
const silentMachine = ["-accel", "tcg", "-m", "512", "-display", "none", "-monitor", "none", "-serial", "none"];

/**
 * Boots a kernel until QEMU's log has the size, then kills QEMU.
 *
 * @param log its path; with `%d` for `-d tid`, which writes a log for each thread
 * @param options what to log, e.g. `-d exec,nochain`
 * @param bytes size that the log has at least, or all of them together
 */
export async function recordLog(log: string, kernel: string, options: readonly string[], bytes: number): Promise<void> {
  const args = [...silentMachine, "-no-reboot", "-kernel", kernel, ...options, "-D", log];
  const child = spawn("qemu-system-x86_64", args, { stdio: "ignore" });
  const ended = once(child, "exit");
  const deadline = Date.now() + 120_000;
  const size = (): number =>
    filesOf(log).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  while (size() < bytes && child.exitCode === null && Date.now() < deadline) await sleep(50);
  child.kill("SIGKILL");
  await ended;
}

function filesOf(log: string): string[] {
  if (!log.includes("%d")) return [log];
  const [prefix, suffix] = log.split("%d");
  const folder = path.dirname(log);
  const files = readdirSync(folder).map((name) => path.join(folder, name));
  return files.filter((file) => file.startsWith(prefix) && file.endsWith(suffix));
}
