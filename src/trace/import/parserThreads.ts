/** Parsers of what is imported, on this thread or on others. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { BootscopeError } from "../../protocol/failure";
import { ImportMemory, type ImportMemoryShape } from "./importMemory";
import type { LogClock } from "./logClock";
import type { LogColumns } from "./logColumns";

/** Threads beyond this gain nothing: what they found is put in order by one. */
const mostThreads = 4;
/** Of each thread: one that it parses, one that it finds when it is done, and one that is read or waits for its turn. */
export const placesPerThread = 3;

export type ParserReply = { readonly part: unknown } | { readonly error: string };

/** What a thread parses, and the memory that it works in. */
export type ImportWorkerData =
  | { readonly kind: "log"; readonly clock: LogClock; readonly shape: ImportMemoryShape }
  | { readonly kind: "records"; readonly shape: ImportMemoryShape };

/** A parser that answers in the order in which it is asked. */
export interface ParserHandle<Text, Part> {
  /** Where it finds texts and puts columns. */
  readonly memory: ImportMemory;
  /** Resolves when its thread runs, or never will. */
  readonly up: Promise<void>;
  /** Rejects when its thread has ended. */
  parse(text: Text): Promise<Part>;
  /** Ends the thread, whatever it does, and waits for that. What was asked for rejects. */
  close(): Promise<void>;
}

export function inlineParser<Text, Part>(
  memory: ImportMemory,
  parser: { parse(text: Text): Part },
): ParserHandle<Text, Part> {
  return {
    memory,
    up: Promise.resolve(),
    parse: (text) => Promise.resolve(parser.parse(text)),
    close: () => Promise.resolve(),
  };
}

/**
 * As many parsers as it is good to have, each on a thread of its own.
 * @param workerPath the bundled importWorker, which takes `Text` and answers `Part` for this kind of data
 * @param textBytes of each of their buffers
 * @param rows room in their columns, if not as many as the lines of a text may make
 */
export function threadParsers<Text, Part>(
  workerPath: string,
  textBytes: number,
  dataOf: (shape: ImportMemoryShape) => ImportWorkerData,
  rows?: number,
): ParserHandle<Text, Part>[] {
  return Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => {
    const memory = ImportMemory.create(textBytes, placesPerThread, rows);
    return threadParser<Text, Part>(workerPath, memory, dataOf(memory.shape));
  });
}

/** Where texts go that parsers get in turn: their buffers, and columns, are in turn too. */
export interface ParserPlace {
  readonly parser: number;
  readonly place: number;
  readonly text: Uint8Array;
  readonly columns: LogColumns;
}

export function placesOf(parsers: readonly { readonly memory: ImportMemory }[]): ParserPlace[] {
  return Array.from({ length: parsers.length * placesPerThread }, (_, index) => {
    const parser = index % parsers.length;
    const place = Math.floor(index / parsers.length);
    const { memory } = parsers[parser];
    return { parser, place, text: memory.text(place), columns: memory.columns(place) };
  });
}

function threadParser<Text, Part>(
  workerPath: string,
  memory: ImportMemory,
  workerData: ImportWorkerData,
): ParserHandle<Text, Part> {
  const worker = new Worker(workerPath, { workerData });
  const waiting: { readonly resolve: (part: Part) => void; readonly reject: (error: Error) => void }[] = [];
  let ended: BootscopeError | null = null;
  const end = (how: string): void => {
    ended ??= new BootscopeError("internal", `A parsing thread ended: ${how}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  const up = new Promise<void>((resolve) => worker.once("online", resolve).once("exit", () => resolve()));
  worker.on("message", (reply: ParserReply) => {
    const asker = waiting.shift();
    if ("part" in reply) asker?.resolve(reply.part as Part);
    else asker?.reject(new BootscopeError("internal", `A part of the trace could not be parsed: ${reply.error}`));
  });
  worker.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => end(`exit code ${code}`));
  return {
    memory,
    up,
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
