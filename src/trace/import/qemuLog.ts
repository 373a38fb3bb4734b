/** Imports QEMU's log text: `exec_tb` trace events and `-d exec` lines. */
import { availableParallelism } from "node:os";
import type { TraceWriter } from "../writer";
import { carryBytes, lineBlocks, usualBlockBytes } from "./blockReader";
import type { TraceInput } from "./input/traceInput";
import { findLogClock, type LogClock } from "./logClock";
import { logColumns, type LogColumns, type LogPart } from "./logColumns";
import { LogMerger } from "./logMerger";
import { inlineParser, threadParser, type LogParserHandle } from "./logParsers";
import type { ImportOptions, ImportResult, TraceFormat } from "./traceFormat";

/** Threads beyond this gain nothing: what they found is put in order by one. */
const mostThreads = 4;
/** Blocks given to each thread, so that it finds the next one when it is done. */
const blocksPerThread = 2;

interface ParsedBlock {
  readonly parser: number;
  readonly columns: LogColumns;
  readonly part: Promise<LogPart>;
}

export const qemuLogFormat: TraceFormat = {
  name: "qemu-log",
  recognize: (start) => {
    const clock = findLogClock(start);
    return clock && ((input, writer, options) => importQemuLog(input, clock, writer, options));
  },
};

/**
 * Reads the whole log. Blocks of it are parsed independently of each other, on threads when it is long; their parts are
 * merged in order.
 */
async function importQemuLog(
  input: TraceInput,
  clock: LogClock,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const { signal, progress, logWorker, logBlockBytes: blockBytes = usualBlockBytes } = options;
  const parsers: LogParserHandle[] =
    logWorker === undefined || (input.file !== null && input.file.bytes <= 2 * blockBytes)
      ? [inlineParser(clock)]
      : Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => threadParser(logWorker, clock));
  const kept = parsers.length * blocksPerThread;
  const columns = Array.from({ length: kept }, () => logColumns(carryBytes + blockBytes));
  const merger = new LogMerger(writer, clock.stamped, parsers.length);
  const parsed: ParsedBlock[] = [];
  const mergeNext = async ({ parser, columns, part }: ParsedBlock): Promise<void> => {
    merger.take(await part, columns, parser);
    signal?.throwIfAborted();
    await writer.drain();
    progress?.(input.bytesDone, input.bytesTotal);
  };
  try {
    let number = 0;
    for await (const block of lineBlocks(input, { blockBytes, kept })) {
      signal?.throwIfAborted();
      const parser = number % parsers.length;
      const own = columns[number++ % kept];
      const part = parsers[parser].parse({ bytes: block.bytes, start: block.start, end: block.end, columns: own });
      part.catch(() => undefined); // told when its turn comes
      parsed.push({ parser, columns: own, part });
      if (parsed.length < kept) continue;
      const [next] = parsed.splice(0, 1);
      await mergeNext(next);
    }
    for (const next of parsed) {
      signal?.throwIfAborted();
      await mergeNext(next);
    }
  } finally {
    await Promise.all(parsers.map((parser) => parser.close()));
  }
  return merger.finish();
}
