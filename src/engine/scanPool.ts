import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ScanResult } from "../analysis/blockScan";
import { BootscopeError } from "../protocol/failure";
import { scanTaskRunner, type ScanTask } from "./scanTask";

export type ScanReply = { readonly result: ScanResult } | { readonly error: string };

/** Scans chunks somewhere else than on the thread that answers requests. */
export interface ScanPool {
  /** How many chunks are worked on at a time. */
  readonly width: number;
  /** How many chunks it takes at a time, so that no thread waits for the next one. */
  readonly room: number;
  /**
   * Scans one chunk. Urgent ones (somebody waits for a view) go before those of a whole trace.
   * Rejects with "cancelled", or "unreadable" when the file cannot be read.
   */
  scan(task: ScanTask, options?: { urgent?: boolean; signal?: AbortSignal }): Promise<ScanResult>;
  /** Ends the threads. What was asked for rejects. */
  dispose(): void;
}

interface Job {
  readonly task: ScanTask;
  readonly signal: AbortSignal | undefined;
  resolve(result: ScanResult): void;
  reject(error: Error): void;
}

/** Chunks that a thread is given: the one that it works on and the next, as the thread that gives them may be busy. */
const chunksPerThread = 2;

/** A pool of worker threads; `workerPath` is the bundled scanWorker. Threads start when there is work. */
export function threadPool(workerPath: string, width: number): ScanPool {
  const urgentJobs: Job[] = [];
  const jobs: Job[] = [];
  /** What each thread was given, in the order in which it answers. */
  const given = new Map<Worker, Job[]>();
  let disposed = false;

  const start = (): Worker => {
    const worker = new Worker(workerPath);
    worker.unref();
    worker.on("message", (reply: ScanReply) => {
      const job = given.get(worker)?.shift();
      if (given.get(worker)?.length === 0) worker.unref();
      if ("result" in reply) job?.resolve(reply.result);
      else job?.reject(new BootscopeError("unreadable", `The trace could not be read: ${reply.error}`));
      pump();
    });
    // A thread that died takes its chunks with it; the next job gets a new thread.
    const gone = (how: string): void => {
      const lost = given.get(worker) ?? [];
      given.delete(worker);
      for (const job of lost) job.reject(new BootscopeError("internal", `A scanning thread ended: ${how}`));
      if (!disposed) pump();
    };
    worker.on("error", (error) => gone(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => gone(`exit code ${code}`));
    given.set(worker, []);
    return worker;
  };
  /** The thread that is to have the next job; undefined: they all have enough. */
  const next = (): Worker | undefined => {
    const least = [...given].sort(([, some], [, others]) => some.length - others.length).at(0);
    if (least !== undefined && least[1].length === 0) return least[0];
    if (given.size < width) return start();
    return least !== undefined && least[1].length < chunksPerThread ? least[0] : undefined;
  };
  const pump = (): void => {
    for (;;) {
      const queue = urgentJobs.length > 0 ? urgentJobs : jobs;
      const job = queue.at(0);
      if (job?.signal?.aborted === true) {
        queue.shift();
        job.reject(new BootscopeError("cancelled", "Cancelled."));
        continue;
      }
      const worker = job === undefined ? undefined : next();
      if (job === undefined || worker === undefined) break;
      queue.shift();
      given.get(worker)?.push(job);
      worker.ref();
      worker.postMessage(job.task);
    }
  };

  return {
    width,
    room: chunksPerThread * width,
    scan: (task, { urgent = false, signal } = {}) =>
      new Promise((resolve, reject) => {
        if (disposed) {
          reject(new BootscopeError("cancelled", "The engine is closing."));
          return;
        }
        (urgent ? urgentJobs : jobs).push({ task, signal, resolve, reject });
        pump();
      }),
    dispose: () => {
      disposed = true;
      const closing = new BootscopeError("cancelled", "The engine is closing.");
      for (const job of [...urgentJobs.splice(0), ...jobs.splice(0), ...[...given.values()].flat()])
        job.reject(closing);
      for (const worker of given.keys()) void worker.terminate();
      given.clear();
    },
  };
}

/** Scans on this thread, giving way to other work after each chunk. */
export function inlinePool(): ScanPool {
  const run = scanTaskRunner();
  return {
    width: 1,
    room: 1,
    scan: async (task, { signal } = {}) => {
      await setImmediate();
      if (signal?.aborted === true) throw new BootscopeError("cancelled", "Cancelled.");
      return run(task);
    },
    dispose: () => undefined,
  };
}
