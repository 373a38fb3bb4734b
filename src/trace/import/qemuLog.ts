/** Imports QEMU's log text: `exec_tb` trace events and `-d exec` lines. */
import { availableParallelism } from "node:os";
import { findEventCatalog } from "../events/traceEventsFiles";
import type { TraceWriter } from "../writer";
import { bufferBytes, lineBlocks, usualBlockBytes } from "./blockReader";
import { findEventsClock, readLogEvents } from "./eventsLog";
import type { TraceInput } from "./input/traceInput";
import { findLogClock, type LogClock } from "./logClock";
import type { LogColumns, LogPart } from "./logColumns";
import { ImportMemory } from "./importMemory";
import { LogEventSink } from "./logEventSink";
import { LogMerger } from "./logMerger";
import { inlineParser, threadParser, type LogParserHandle } from "./logParsers";
import type { ImportOptions, ImportResult, TraceFormat } from "./traceFormat";

/** Threads beyond this gain nothing: what they found is put in order by one. */
const mostThreads = 4;
/** Of each thread: one that it parses, one that it finds when it is done, and one that is read or waits for its turn. */
const placesPerThread = 3;

export const qemuLogFormat: TraceFormat = {
  name: "qemu-log",
  recognize: (start) => {
    const clock = findLogClock(start);
    return clock && ((input, writer, options) => importQemuLog(input, clock, writer, options));
  },
  recognizeEvents: (start) => {
    const clock = findLogClock(start);
    return clock && ((input, options, take) => readLogEvents(input, clock, options, take));
  },
};

/** A log of trace events without any of executions. To be asked last: other texts may look so. */
export const eventsLogFormat: TraceFormat = {
  name: "qemu-log",
  recognize: (start) => {
    const clock = findEventsClock(start);
    return clock && ((input, writer, options) => importQemuLog(input, clock, writer, options));
  },
  recognizeEvents: (start) => {
    const clock = findEventsClock(start);
    return clock && ((input, options, take) => readLogEvents(input, clock, options, take));
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
  const { signal, progress, logWorker, blockBytes = usualBlockBytes } = options;
  const textBytes = bufferBytes(blockBytes);
  const parsers: LogParserHandle[] =
    logWorker === undefined || (input.file !== null && input.file.bytes <= 2 * blockBytes)
      ? [inlineParser(ImportMemory.create(textBytes, placesPerThread), clock)]
      : Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () =>
          threadParser(logWorker, ImportMemory.create(textBytes, placesPerThread), clock),
        );
  // Blocks go to the parsers in turn, so buffers do too.
  const places = Array.from({ length: parsers.length * placesPerThread }, (_, index) => ({
    parser: index % parsers.length,
    place: Math.floor(index / parsers.length),
  }));
  const texts = places.map(({ parser, place }) => parsers[parser].memory.text(place));
  const columns = places.map(({ parser, place }) => parsers[parser].memory.columns(place));
  const kept = places.length - 1;
  const catalog = await findEventCatalog(input.path, options.traceEvents);
  const eventSink = new LogEventSink(clock, catalog, (payload) => writer.addEvents(payload));
  const merger = new LogMerger(writer, clock, parsers.length, eventSink);
  const mergeNext = async (part: LogPart, columns: LogColumns, parser: number): Promise<void> => {
    merger.take(part, columns, parser);
    signal?.throwIfAborted();
    await writer.drain();
    progress?.(input.bytesDone, input.bytesTotal);
  };
  /** Of the blocks that are being parsed, the last one merged: each as soon as it and those before it are parsed. */
  let merged = Promise.resolve();
  const merging: Promise<void>[] = [];
  try {
    for await (const { buffer, start, end } of lineBlocks(input, texts)) {
      signal?.throwIfAborted();
      const { parser, place } = places[buffer];
      const part = parsers[parser].parse({ place, start, end });
      merged = Promise.all([part, merged]).then(([found]) => mergeNext(found, columns[buffer], parser));
      merged.catch(() => undefined); // told when its turn comes
      merging.push(merged);
      if (merging.length >= kept) await merging.shift();
    }
    await merged;
  } finally {
    await Promise.all(parsers.map((parser) => parser.close()));
  }
  return merger.finish();
}
