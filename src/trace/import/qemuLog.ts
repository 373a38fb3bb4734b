/** Imports QEMU's log text: `exec_tb` trace events and `-d exec` lines. */
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { TraceWriter } from "../writer";
import { carryBytes, lineBlocks, usualBlockBytes, type FileBlock } from "./blockReader";
import type { LogClock } from "./detect";
import type { ImportOptions, ImportResult } from "./importTrace";
import { logColumns, type LogColumns, type LogPart } from "./logColumns";
import { LogMerger } from "./logMerger";
import { inlineParser, threadParser, type LogParserHandle } from "./logParsers";

/** Threads beyond this gain nothing: what they found is put in order by one. */
const mostThreads = 4;
/** Blocks given to each thread, so that it finds the next one when it is done. */
const blocksPerThread = 2;

interface ParsedBlock {
  readonly block: FileBlock;
  readonly parser: number;
  readonly columns: LogColumns;
  readonly part: Promise<LogPart>;
}

/**
 * Reads the whole log. Blocks of it are parsed independently of each other, on threads when it is long; their parts are
 * merged in order.
 */
export async function importQemuLog(
  file: FileHandle,
  bytes: number,
  clock: LogClock,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const { signal, progress, logWorker, logBlockBytes: blockBytes = usualBlockBytes } = options;
  const parsers: LogParserHandle[] =
    logWorker === undefined || bytes <= 2 * blockBytes
      ? [inlineParser(clock)]
      : Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => threadParser(logWorker, clock));
  const kept = parsers.length * blocksPerThread;
  const columns = Array.from({ length: kept }, () => logColumns(carryBytes + blockBytes));
  const merger = new LogMerger(writer, clock.stamped, parsers.length);
  const parsed: ParsedBlock[] = [];
  const mergeNext = async ({ block, parser, columns, part }: ParsedBlock): Promise<void> => {
    merger.take(await part, columns, parser);
    signal?.throwIfAborted();
    await writer.drain();
    progress?.(block.position + block.end - block.start, bytes);
  };
  try {
    let number = 0;
    for await (const block of lineBlocks(file, bytes, { blockBytes, kept })) {
      signal?.throwIfAborted();
      const parser = number % parsers.length;
      const own = columns[number++ % kept];
      const part = parsers[parser].parse({ bytes: block.bytes, start: block.start, end: block.end, columns: own });
      part.catch(() => undefined); // told when its turn comes
      parsed.push({ block, parser, columns: own, part });
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
