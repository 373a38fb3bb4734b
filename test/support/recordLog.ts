/** Logs as users make them: QEMU writes until somebody kills it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A machine that shows nothing: what it does is in its log. */
const silentMachine = ["-accel", "tcg", "-m", "512", "-display", "none", "-monitor", "none", "-serial", "none"];

/**
 * Boots a kernel until QEMU's log has the size, then kills QEMU.
 *
 * @param options what to log, e.g. `-d exec,nochain`
 * @param bytes size that the log has at least
 */
export async function recordLog(log: string, kernel: string, options: readonly string[], bytes: number): Promise<void> {
  const args = [...silentMachine, "-no-reboot", "-kernel", kernel, ...options, "-D", log];
  const child = spawn("qemu-system-x86_64", args, { stdio: "ignore" });
  const ended = once(child, "exit");
  const deadline = Date.now() + 120_000;
  const size = (): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  while (size() < bytes && child.exitCode === null && Date.now() < deadline) await sleep(50);
  child.kill("SIGKILL");
  await ended;
}
