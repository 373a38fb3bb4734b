/** Log parsers on this thread or on others. */
import { Worker } from "node:worker_threads";
import { BootscopeError } from "../../protocol/failure";
import { LogBlockParser, type LogText } from "./logBlockParser";
import type { LogClock } from "./logClock";
import type { LogPart } from "./logColumns";
import type { ImportMemory, ImportMemoryShape } from "./importMemory";

export type LogReply = { readonly part: LogPart } | { readonly error: string };

export interface LogWorkerData {
  readonly clock: LogClock;
  readonly shape: ImportMemoryShape;
}

/** A parser that answers in the order in which it is asked. */
export interface LogParserHandle {
  /** Where it finds texts and puts columns. */
  readonly memory: ImportMemory;
  /** Rejects when its thread has ended. */
  parse(text: LogText): Promise<LogPart>;
  /** Ends the thread. What was asked for rejects. */
  close(): Promise<void>;
}

export function inlineParser(memory: ImportMemory, clock: LogClock): LogParserHandle {
  const parser = new LogBlockParser(memory, clock);
  return {
    memory,
    parse: (text) => Promise.resolve(parser.parse(text)),
    close: () => Promise.resolve(),
  };
}

/** @param workerPath the bundled logWorker */
export function threadParser(workerPath: string, memory: ImportMemory, clock: LogClock): LogParserHandle {
  const workerData: LogWorkerData = { clock, shape: memory.shape };
  const worker = new Worker(workerPath, { workerData });
  const waiting: { readonly resolve: (part: LogPart) => void; readonly reject: (error: Error) => void }[] = [];
  let ended: BootscopeError | null = null;
  const end = (how: string): void => {
    ended ??= new BootscopeError("internal", `A parsing thread ended: ${how}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on("message", (reply: LogReply) => {
    const asker = waiting.shift();
    if ("part" in reply) asker?.resolve(reply.part);
    else asker?.reject(new BootscopeError("internal", `The log could not be parsed: ${reply.error}`));
  });
  worker.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => end(`exit code ${code}`));
  return {
    memory,
    parse: (text) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        waiting.push({ resolve, reject });
        worker.postMessage(text);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
