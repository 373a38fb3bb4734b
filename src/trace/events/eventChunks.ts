/** The chunks of events of any trace, in order: of a recording as they are, of a foreign trace as it is read. */
import { mkdtemp, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "../crc";
import { readFully } from "../chunkWalk";
import { detectFormat } from "../import/detect";
import { unpackOrImport } from "../import/importTrace";
import { openTraceInput } from "../import/openTraceInput";
import { openForReading, openTraceFile } from "../reader";
import type { EventChunk, TraceFile } from "../types";
import { EventDecoder } from "./eventDecoder";
import type { EventDescriptor } from "./eventDescriptor";
import { findEventCatalog } from "./traceEventsFiles";
import type { EventProblems, EventReadOptions, TakeChunk } from "./eventReading";

/**
 * Goes through all events of a trace in the order of the file. Of a simple trace or a log, executions (`exec_tb` and its
 * like) are among them; in a recording they are executions and no events.
 * @throws BootscopeError as opening and importing do; AbortError
 */
export async function readEvents(file: string, options: EventReadOptions, take: TakeChunk): Promise<EventProblems> {
  const input = await openTraceInput(file, options.signal);
  try {
    const { events, format } = await detectFormat(input);
    if (events !== null) return [...(await events(input, options, take)), ...input.notes];
    if (format === "bst" && input.file !== null) return await readRecording(await openTraceFile(file), options, take);
  } finally {
    await input.close();
  }
  return readImported(file, options, take);
}

/** Of a form whose importer knows only one way to read it. */
async function readImported(file: string, options: EventReadOptions, take: TakeChunk): Promise<EventProblems> {
  const folder = await mkdtemp(path.join(tmpdir(), "bootscope-events-"));
  try {
    const copy = path.join(folder, "copy.bst");
    const { signal, traceEvents } = options;
    await unpackOrImport(file, copy, { ...(signal === undefined ? {} : { signal }), traceEvents });
    return await readRecording(await openTraceFile(copy), options, take);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readRecording(trace: TraceFile, options: EventReadOptions, take: TakeChunk): Promise<EventProblems> {
  const { events, metadata } = trace;
  const catalog = await findEventCatalog(trace.path, options.traceEvents);
  const describe = (name: string): EventDescriptor | undefined => catalog.describe(name);
  const clock = { origin: originOf(trace), stamped: metadata.clock?.kind !== "events" };
  const file = await openEvents(trace);
  const bytes = events.reduce((sum, { length }) => sum + length, 0);
  let [done, damaged] = [0, 0];
  try {
    for (const chunk of events) {
      options.signal?.throwIfAborted();
      options.progress?.(done, bytes);
      done += chunk.length;
      const decoder = await eventsOfChunk(file, chunk, describe);
      if (decoder !== null) await take(decoder, clock);
      else damaged += chunk.records;
    }
  } finally {
    await file.close();
  }
  return damaged > 0 ? [`${damaged} events are lost with damaged parts of the file.`] : [];
}

/** For `eventsOfChunk`; the caller closes it. */
export const openEvents = (trace: TraceFile): Promise<FileHandle> => openForReading(trace.path);

/** The records of a chunk, or null when it is not what was sealed. */
export async function eventsOfChunk(
  file: FileHandle,
  chunk: EventChunk,
  describe?: (name: string) => EventDescriptor | undefined,
): Promise<EventDecoder | null> {
  const payload = chunk.payload ?? new Uint8Array(chunk.length);
  if (chunk.payload === undefined) await readFully(file, payload, chunk.offset);
  return crc32(payload) === chunk.crc ? new EventDecoder(payload, chunk, describe) : null;
}

/** Time zero of the executions on the clock of the events. */
export const originOf = ({ metadata }: Pick<TraceFile, "metadata">): bigint => BigInt(metadata.events?.origin ?? "0");

/** When the last event took place, in nanoseconds (or executions) since time zero; 0 when there are none after it. */
export const endOfEvents = ({ events, metadata }: Pick<TraceFile, "events" | "metadata">): number => {
  const origin = originOf({ metadata });
  return events.reduce((end, { latest }) => Math.max(end, Number(latest - origin)), 0);
};

/** Events that the chunks have, by their heads. */
export const countEvents = (chunks: readonly EventChunk[]): number =>
  chunks.reduce((sum, { records }) => sum + records, 0);
