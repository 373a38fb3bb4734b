/** Imports QEMU's log text: `exec_tb` trace events and `-d exec` lines. */
import { ThreadKind } from "../events/eventDescriptor";
import { findEventCatalog } from "../events/traceEventsFiles";
import type { TraceWriter } from "../writer";
import { bufferBytes, isShort, lineBlocks, usualBlockBytes } from "./blockReader";
import { findEventsClock, readLogEvents } from "./eventsLog";
import type { LogText } from "./logBlockParser";
import type { TraceInput } from "./input/traceInput";
import { findLogClock, type LogClock } from "./logClock";
import { guestOfLog, type LogGuest } from "./logGuest";
import type { LogColumns, LogPart } from "./logColumns";
import { logFileParts, logParser, type LogFilePart } from "./logFileReader";
import { ImportMemory } from "./importMemory";
import { LogEventSink } from "./logEventSink";
import { LogMerger } from "./logMerger";
import { inlineParser, placesOf, placesPerThread, threadParsers } from "./parserThreads";
import type { ParserHandle, ParserPlace } from "./parserThreads";
import type { ImportOptions, ImportResult, TraceFormat } from "./traceFormat";

export const qemuLogFormat: TraceFormat = {
  name: "qemu-log",
  recognize: (start) => {
    const clock = findLogClock(start);
    return clock && ((input, writer, options) => importQemuLog(input, clock, guestOfLog(start.text), writer, options));
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
    return clock && ((input, writer, options) => importQemuLog(input, clock, guestOfLog(start.text), writer, options));
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
  guest: LogGuest,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const { signal, progress, importWorker, blockBytes = usualBlockBytes } = options;
  const catalog = await findEventCatalog(input.path, options.traceEvents);
  const eventSink = new LogEventSink(clock, catalog, writer.eventEncoder(ThreadKind.Thread));
  const textBytes = bufferBytes(blockBytes);
  const onThreads = importWorker !== undefined && !isShort(input, blockBytes);
  const parsers: ParserHandle<LogText | LogFilePart, LogPart>[] = onThreads
    ? threadParsers(importWorker, textBytes, (shape) => ({ kind: "log", clock, shape }))
    : [inlineLogParser(textBytes, clock)];
  const places = placesOf(parsers);
  const kept = places.length - 1;
  const merger = new LogMerger(writer, clock, parsers.length, eventSink, guest);
  options.tellSoFar?.(() => merger.soFar());
  const mergeNext = async (part: LogPart, columns: LogColumns, parser: number): Promise<void> => {
    signal?.throwIfAborted();
    merger.take(part, columns, parser);
    await writer.drain();
    progress?.(input.bytesDone, input.bytesTotal);
  };
  /** Of the blocks that are being parsed, the last one merged: each as soon as it and those before it are parsed. */
  let merged = Promise.resolve();
  const merging: Promise<void>[] = [];
  try {
    for await (const { buffer, text } of onThreads
      ? textsForThreads(input, places, blockBytes)
      : texts(input, places)) {
      signal?.throwIfAborted();
      const { parser, columns } = places[buffer];
      const part = parsers[parser].parse(text);
      merged = Promise.all([part, merged]).then(([found]) => mergeNext(found, columns, parser));
      merged.catch(() => undefined); // told when its turn comes
      merging.push(merged);
      if (merging.length >= kept) await merging.shift();
    }
    await merged;
  } finally {
    // The threads read the input, and what is merged goes to the writer: both may be closed after this.
    await Promise.all(parsers.map((parser) => parser.close()));
    await Promise.allSettled(merging);
  }
  return merger.finish();
}

/** Texts that parsers get in turn. */
type Texts<Text> = AsyncGenerator<{ readonly buffer: number; readonly text: Text }>;

async function* texts(input: TraceInput, places: readonly ParserPlace[]): Texts<LogText> {
  const buffers = places.map(({ text }) => text);
  for await (const { buffer, start, end } of lineBlocks(input, buffers)) {
    yield { buffer, text: { place: places[buffer].place, start, end } };
  }
}

/** Threads read a file themselves. */
async function* textsForThreads(
  input: TraceInput,
  places: readonly ParserPlace[],
  blockBytes: number,
): Texts<LogText | LogFilePart> {
  if (input.file === null) {
    yield* texts(input, places);
    return;
  }
  let buffer = 0;
  for (const part of logFileParts(input.file, blockBytes)) {
    yield { buffer, text: { ...part, place: places[buffer].place } };
    buffer = (buffer + 1) % places.length;
  }
}

function inlineLogParser(textBytes: number, clock: LogClock): ParserHandle<LogText | LogFilePart, LogPart> {
  const memory = ImportMemory.create(textBytes, placesPerThread);
  return inlineParser(memory, logParser(memory, clock));
}
