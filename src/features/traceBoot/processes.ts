/**
 * Which processes a recording consists of, so that Cancel can prove that none is left. Reads Linux's /proc (proc(5));
 * on systems without it nothing is known, and the recorder's own clean-up must do.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since the machine started: tells a process from a later one with the same id. */
  readonly started: string;
  /** It has ended, and only waits for its parent to take notice. */
  readonly zombie: boolean;
}

/** Parses `/proc/PID/stat`. The command's name stands in parentheses and may itself hold spaces and parentheses. */
export function parseProcessStat(text: string): ProcessStatus | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (!Number.isInteger(pid) || fields.length < 20) return undefined;
  return { pid, parent: Number(fields[1]), started: fields[19], zombie: fields[0] === "Z" || fields[0] === "X" };
}

/** The descendants of `root` among these, itself included, parents first. */
export function descendants(all: readonly ProcessStatus[], root: number): ProcessStatus[] {
  const found = all.filter(({ pid }) => pid === root);
  for (let next = 0; next < found.length; next++) {
    found.push(...all.filter((child) => child.parent === found[next].pid && !found.includes(child)));
  }
  return found;
}

async function status(pid: number): Promise<ProcessStatus | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const found = parseProcessStat(text);
  return found?.zombie === false ? found : undefined;
}

/** The process and all that it started, directly or not, as far as they still run. */
export async function processTree(root: number): Promise<ProcessStatus[]> {
  const names = await readdir("/proc").catch(() => []);
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => status(Number(name))));
  return descendants(
    all.filter((process) => process !== undefined),
    root,
  );
}

async function stillRunning(processes: readonly ProcessStatus[]): Promise<ProcessStatus[]> {
  const now = await Promise.all(processes.map(({ pid }) => status(pid)));
  return processes.filter(({ started }, index) => now[index]?.started === started);
}

/** Waits up to `patience` milliseconds until none of the processes runs, then kills the rest, and resolves to that rest. */
export async function ensureGone(processes: readonly ProcessStatus[], patience: number): Promise<ProcessStatus[]> {
  const deadline = Date.now() + patience;
  let left = await stillRunning(processes);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(50);
    left = await stillRunning(left);
  }
  for (const { pid } of left) signal(pid, "SIGKILL");
  return left;
}

/** Sends a signal to a process that may have ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
