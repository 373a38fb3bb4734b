/**
 * Logs that QEMU split by threads: with `-d tid` (7.1 and newer), `-D log.%d` makes a file for each thread that logs, with the
 * thread's number for `%d`. Without `tid`, and in older versions, `%d` is the number of the process: files whose names
 * differ in a number are then of different runs, and must never be one trace. So files are joined only where their lines
 * prove it:
 *
 *   - the thread before their lines is the number in the name, and the times of the files overlap, or
 *   - each tells of one virtual CPU, and those go up with the numbers, as QEMU starts their threads in this order.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { threadLogFacts, type ThreadLog } from "./threadLogFacts";

/** A file whose name differs from another's in one number. */
interface Sibling {
  readonly path: string;
  readonly number: number;
}

export interface ThreadLogs {
  /** In the order in which they are to be read; the one asked about is among them. */
  readonly joined: readonly ThreadLog[];
  /** Names of logs that may be of other threads of the same QEMU. */
  readonly unclear: readonly string[];
}

/** More than any guest has virtual CPUs. */
const mostFiles = 1024;

/** The logs of the other threads of the QEMU that wrote this one; null: there are none, or it is no log. */
export async function findThreadLogs(file: string): Promise<ThreadLogs | null> {
  const { dir, base } = path.parse(file);
  if (!/\d/.test(base)) return null;
  const opened = await threadLogFacts(file);
  if (opened === null) return null;
  const names = await readdir(dir === "" ? "." : dir).catch(() => []);
  let unclear: readonly string[] = [];
  // QEMU's number is the last one more often than not.
  for (const { index, 0: digits } of [...base.matchAll(/\d+/g)].reverse()) {
    const number = Number(digits);
    const siblings = siblingsOf(dir, names, base.slice(0, index), base.slice(index + digits.length));
    const found = await group({ ...opened, number }, siblings);
    if (found.joined.length > 1) return { ...found, joined: readingOrder(found.joined) };
    if (unclear.length === 0) ({ unclear } = found);
  }
  return unclear.length === 0 ? null : { joined: [opened], unclear };
}

/** All files of this name with a number in its middle, by number. */
function siblingsOf(folder: string, names: readonly string[], prefix: string, suffix: string): Sibling[] {
  const siblings: Sibling[] = [];
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const digits = name.slice(prefix.length, name.length - suffix.length);
    if (/^[1-9]\d{0,9}$|^0$/.test(digits)) siblings.push({ path: path.join(folder, name), number: Number(digits) });
  }
  return siblings.sort((a, b) => a.number - b.number);
}

/** With the number in its name. */
type Numbered = ThreadLog & { readonly number: number };

interface Group {
  readonly joined: readonly Numbered[];
  readonly unclear: readonly string[];
}

async function group(opened: Numbered, siblings: readonly Sibling[]): Promise<Group> {
  const run = runOf(opened);
  const below = siblings.filter(({ number }) => number < opened.number).reverse();
  const above = siblings.filter(({ number }) => number > opened.number);
  const unclear: string[] = [];
  for (const direction of [below, above]) {
    for (const { path: file, number } of direction.slice(0, mostFiles)) {
      const log = await threadLogFacts(file, opened.firstSecond);
      if (log === null) continue;
      const taken = run === null ? unprovenOf(opened, log) : run.take({ ...log, number });
      if (taken === "unclear") unclear.push(path.basename(file));
      if (taken === "other run" || (taken === "unclear" && run !== null)) break;
    }
  }
  return { joined: run?.logs ?? [opened], unclear };
}

function runOf(opened: Numbered): RunByThreads | RunByVcpus | null {
  if (isOfItsThread(opened)) return new RunByThreads(opened);
  return opened.vcpus.size === 1 ? new RunByVcpus(opened) : null;
}

/** Where neither log tells whose it is, they may belong together. */
const unprovenOf = (opened: ThreadLog, log: ThreadLog): Taken =>
  [opened, log].every(({ vcpus, threads, executed }) => executed && vcpus.size + threads.size === 0)
    ? "unclear"
    : "skipped";

const isOfItsThread = ({ threads, number }: Numbered): boolean => threads.size === 1 && threads.has(number);

/** What is to be done with a log: "other run" ends the search in its direction. */
type Taken = "taken" | "skipped" | "unclear" | "other run";

/** Logs whose lines name the thread that is in the file's name: those of one run overlap in time. */
class RunByThreads {
  readonly logs: Numbered[];

  constructor(opened: Numbered) {
    this.logs = [opened];
  }

  take(log: Numbered): Taken {
    if (!isOfItsThread(log)) return "skipped";
    // QEMU's main thread may have written only before the others began.
    if (!overlapsAny(this.logs, log)) return log.executed ? "other run" : "skipped";
    this.logs.push(log);
    return "taken";
  }
}

/** Logs of one virtual CPU each: of those of one run, the next thread has a higher one. */
class RunByVcpus {
  readonly logs: Numbered[];
  private lowest: number;
  private highest: number;

  constructor(private readonly opened: Numbered) {
    this.logs = [opened];
    [this.lowest] = opened.vcpus;
    this.highest = this.lowest;
  }

  take(log: Numbered): Taken {
    if (log.vcpus.size === 0) return "skipped";
    const [vcpu] = log.vcpus;
    const isAbove = log.number > this.opened.number;
    const isNext = log.vcpus.size === 1 && (isAbove ? vcpu > this.highest : vcpu < this.lowest);
    if (!isNext || isStamped(log) !== isStamped(this.opened) || !overlapsAny(this.logs, log)) {
      // A run begins on virtual CPU 0. A log of another one may be of a thread that took the place of one that ended.
      return isAbove && vcpu > 0 && log.vcpus.size === 1 ? "unclear" : "other run";
    }
    this.logs.push(log);
    this.lowest = Math.min(this.lowest, vcpu);
    this.highest = Math.max(this.highest, vcpu);
    return "taken";
  }
}

export const isStamped = ({ firstTime }: ThreadLog): boolean => !Number.isNaN(firstTime);

/** Logs without stamps are taken to overlap. */
const overlapsAny = (logs: readonly ThreadLog[], { firstTime, lastTime }: ThreadLog): boolean =>
  logs.some((log) => !(log.lastTime < firstTime || lastTime < log.firstTime));

/** The earliest first: the times of a trace count from its first execution. Without stamps, virtual CPU 0 first. */
const readingOrder = (logs: readonly Numbered[]): Numbered[] =>
  [...logs].sort((a, b) => (isStamped(a) ? a.firstTime - b.firstTime : 0) || a.number - b.number);
