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

/** A pool of worker threads; `workerPath` is the bundled scanWorker. Threads start when there is work. */
export function threadPool(workerPath: string, width: number): ScanPool {
  const urgentJobs: Job[] = [];
  const jobs: Job[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();
  let disposed = false;

  const finish = (worker: Worker): Job | undefined => {
    const job = busy.get(worker);
    busy.delete(worker);
    return job;
  };
  const start = (): Worker => {
    const worker = new Worker(workerPath);
    worker.unref();
    worker.on("message", (reply: ScanReply) => {
      const job = finish(worker);
      idle.push(worker);
      if ("result" in reply) job?.resolve(reply.result);
      else job?.reject(new BootscopeError("unreadable", `The trace could not be read: ${reply.error}`));
      pump();
    });
    // A thread that died takes its chunk with it; the next job gets a new thread.
    const gone = (how: string): void => {
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      finish(worker)?.reject(new BootscopeError("internal", `A scanning thread ended: ${how}`));
      if (!disposed) pump();
    };
    worker.on("error", (error) => gone(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => gone(`exit code ${code}`));
    return worker;
  };
  const pump = (): void => {
    while (busy.size < width) {
      const job = urgentJobs.shift() ?? jobs.shift();
      if (job === undefined) break;
      if (job.signal?.aborted === true) {
        job.reject(new BootscopeError("cancelled", "Cancelled."));
        continue;
      }
      const worker = idle.pop() ?? start();
      busy.set(worker, job);
      worker.ref();
      worker.postMessage(job.task);
    }
    for (const worker of idle) worker.unref();
  };

  return {
    width,
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
      for (const job of [...urgentJobs.splice(0), ...jobs.splice(0), ...busy.values()]) job.reject(closing);
      for (const worker of [...idle, ...busy.keys()]) void worker.terminate();
      busy.clear();
    },
  };
}

/** Scans on this thread, giving way to other work after each chunk. */
export function inlinePool(): ScanPool {
  const run = scanTaskRunner();
  return {
    width: 1,
    scan: async (task, { signal } = {}) => {
      await setImmediate();
      if (signal?.aborted === true) throw new BootscopeError("cancelled", "Cancelled.");
      return run(task);
    },
    dispose: () => undefined,
  };
}
