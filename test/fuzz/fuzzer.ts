/** Runs targets one after the other, each in a process that is killed when it hangs or grows, and keeps the inputs that did it. */
import { fork, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unpackCorpus } from "./corpus";
import { fuzzTargets } from "./targets";
import type { WorkerMessage, WorkerReport, WorkerTask } from "./workerTask";

export interface FuzzOptions {
  readonly root: string;
  /** Temporary. */
  readonly folder: string;
  /** The bundled fuzzWorker. */
  readonly worker: string;
  /** Gets `failures` and `corpus`, with a folder per target. */
  readonly results: string;
  /** In all, divided among the targets. */
  readonly minutes: number;
  /** Names; none: all. */
  readonly targets: readonly string[];
  readonly seed: number;
}

/** Without a sign of life for so long, on however busy a machine, an input hangs. */
const hangMs = 30_000;
/** Resident memory of the process, of which Node and the bundle take some 100 MB. */
const mostBytes = 1 << 30;
const pageBytes = 4096;
const watchEveryMs = 100;

/** Prints a line per target. @returns exit code: 1 when a fault was found */
export async function fuzz(options: FuzzOptions): Promise<number> {
  const unknown = options.targets.filter((name) => fuzzTargets.every((target) => target.name !== name));
  if (unknown.length > 0 || !(options.minutes > 0)) {
    console.error(`--minutes above 0, --target one of: ${fuzzTargets.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const chosen = fuzzTargets.filter(({ name }) => options.targets.length === 0 || options.targets.includes(name));
  console.log(`seed ${options.seed}; failing inputs go to ${path.join(options.results, "failures")}`);
  const corpus = path.join(options.results, "corpus");
  if (!existsSync(corpus)) {
    mkdirSync(corpus, { recursive: true });
    await unpackCorpus(options.root, corpus);
  }
  let faults = 0;
  for (const { name } of chosen) {
    const run = new TargetRun(name, options);
    await run.last((options.minutes * 60_000) / chosen.length);
    faults += run.faults.size;
    console.log(run.summary());
  }
  return faults === 0 ? 0 : 1;
}

class TargetRun {
  readonly faults = new Map<string, string>();
  private readonly total: WorkerReport = { executions: 0, refused: 0, kept: 0, blocks: 0 };
  private readonly folder: string;
  private starts = 0;
  private seconds = 0;

  constructor(
    private readonly name: string,
    private readonly options: FuzzOptions,
  ) {
    this.folder = path.join(options.folder, name);
    mkdirSync(this.folder, { recursive: true });
  }

  /** Starts processes, one after the other, until the time is over. */
  async last(milliseconds: number): Promise<void> {
    const start = Date.now();
    const end = start + milliseconds;
    while (Date.now() < end) await this.process(end);
    this.seconds = Math.round((Date.now() - start) / 1000);
    rmSync(this.folder, { recursive: true, force: true });
  }

  summary(): string {
    const { executions, refused, kept, blocks } = this.total;
    const share = executions === 0 ? 0 : Math.round((100 * refused) / executions);
    return `${this.name.padEnd(12)} ${this.seconds} s, ${executions} executions (${share} % refused), ${blocks} blocks of code, ${kept} inputs kept, ${this.faults.size} faults`;
  }

  private process(end: number): Promise<void> {
    const { root, worker, results, seed } = this.options;
    const child = fork(worker, {
      cwd: root,
      execArgv: ["--max-old-space-size=768"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const task: WorkerTask = {
      target: this.name,
      root,
      folder: this.folder,
      corpus: path.join(results, "corpus", this.name),
      seed: seed + this.starts++,
    };
    let latest: WorkerReport = { executions: 0, refused: 0, kept: 0, blocks: 0 };
    let aliveAt = Date.now();
    let errors = "";
    let blame: string | null = null;
    child.stderr?.on("data", (text: Buffer) => (errors = `${errors}${text.toString()}`.slice(-2000)));
    child.on("message", (message: WorkerMessage) => {
      aliveAt = Date.now();
      if ("fault" in message) this.keep(message.fault, Buffer.from(message.input, "base64"));
      else latest = message;
    });
    const watch = setInterval(() => {
      const now = Date.now();
      if (now - aliveAt > hangMs) blame = `hang: no answer for ${hangMs} ms`;
      else if (residentBytes(child) > mostBytes) blame = `memory: more than ${mostBytes} bytes`;
      else if (now < end) return;
      child.kill("SIGKILL");
    }, watchEveryMs);
    child.send(task);
    return new Promise((resolve) => {
      child.once("exit", (code) => {
        clearInterval(watch);
        this.total.executions += latest.executions;
        this.total.refused += latest.refused;
        this.total.kept = latest.kept;
        this.total.blocks = Math.max(this.total.blocks, latest.blocks);
        const ended = code === null ? null : `the process ended with ${code}: ${errors}`;
        const reason = blame ?? ended;
        const input = path.join(this.folder, "input");
        if (reason !== null && existsSync(input)) this.keep(reason, readFileSync(input));
        resolve();
      });
    });
  }

  /** Keeps one input per fault. */
  private keep(fault: string, input: Uint8Array): void {
    if (this.faults.has(fault)) return;
    const folder = path.join(this.options.results, "failures", this.name);
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, createHash("sha256").update(fault).digest("hex").slice(0, 12));
    this.faults.set(fault, file);
    writeFileSync(file, input);
    writeFileSync(`${file}.txt`, `${fault}\n`);
    console.log(`${this.name}: ${fault}\n  ${file}`);
  }
}

/** Of a process, on Linux (proc(5), statm); 0 elsewhere and when it has ended. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}
