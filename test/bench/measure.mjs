// Times of programs and of repeated work.
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export const percentile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)];

/** Runs a program and answers its seconds on the clock. Input is a string; output is thrown away. */
export function secondsOf(command, args, { input, env, allowFailure = false, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, {
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
      env: { ...process.env, ...env },
      timeout,
      killSignal: "SIGKILL",
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-2000)));
    child.stdin?.on("error", () => undefined).end(input);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0 && !allowFailure) reject(new Error(`${command} ended with ${code}:\n${errors}`));
      else resolve((performance.now() - start) / 1000);
    });
  });
}

/** The median over rounds of each of several alternatives, taken in turns, so that a busy moment hits all of them. */
export async function inTurns(rounds, alternatives) {
  const times = Object.fromEntries(Object.keys(alternatives).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(alternatives)) times[name].push(await work());
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

export const seconds = (value) => (value < 0.995 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`);
export const ratio = (value) => `${value.toFixed(2)}x`;
