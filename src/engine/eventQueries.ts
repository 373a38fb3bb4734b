/** Answers questions about trace events other than executions, from the chunks that hold them. */
import type { EventNames, EventsPage, EventsQuery, TimeRange } from "../protocol/engine";
import { nanoseconds } from "../protocol/units";
import { eventsOfChunk, openEvents, originOf } from "../trace/events/eventChunks";
import { parseEventFilter, type EventFilter } from "../trace/events/eventFilter";
import type { EventDecoder } from "../trace/events/eventDecoder";
import { ThreadKind, type EventDescriptor } from "../trace/events/eventDescriptor";
import type { EventRowValues } from "../trace/events/eventRows";
import { isNameless, namedValues, valueText, type NamedValue } from "../trace/events/eventText";
import type { EventChunk, TraceFile } from "../trace/types";
import type { ScannedTrace } from "./scannedTrace";
import type { TraceSession } from "./session";

/** Rows of one answer. */
const mostRows = 10_000;
const threadWords = {
  [ThreadKind.Process]: "process",
  [ThreadKind.Thread]: "thread",
  [ThreadKind.Vcpu]: "vcpu",
} as const;

/**
 * Of the queries asked last about a trace: how many records of each chunk match, by name. Pages then cost one chunk, and a trace
 * that grows costs its new chunks.
 */
const lastMatches = new WeakMap<TraceSession, Map<string, ChunkMatches>>();
/** The list of events and that of their names ask differently. */
const mostQueries = 2;
/** By the chunk's place in the file. */
type ChunkMatches = Map<number, ReadonlyMap<string, number>>;

type Wanted = Pick<EventsQuery, "range" | "filter">;
type Use = (decoder: EventDecoder, time: number, values: readonly NamedValue[]) => void;

/** A trace to read events of. */
interface EventSource {
  readonly file: TraceFile;
  readonly duration: number;
  /** What is known of events that the trace does not describe. */
  readonly describe?: (name: string) => EventDescriptor | undefined;
}

async function eventSource(session: TraceSession): Promise<EventSource> {
  const { scanned } = await session.ready();
  const catalog = await session.eventCatalog();
  return { file: scanned.file, duration: scanned.duration, describe: (name) => catalog.describe(name) };
}

/** Rows `offset` … of the events that match, in the order of the source. */
export async function events(session: TraceSession, query: EventsQuery, signal: AbortSignal): Promise<EventsPage> {
  const source = await eventSource(session);
  const { file } = source;
  const wanted = { ...query, range: openEnded(query.range, source.duration) };
  const matched = (await matchesOf(session, source, wanted, signal)).map((names) =>
    [...names.values()].reduce((sum, count) => sum + count, 0),
  );
  const limit = Math.min(query.limit, mostRows);
  const rows: { time: number; thread: number; name: string; text: string }[] = [];
  const threads = file.events.at(0)?.threads ?? ThreadKind.Process;
  let undescribed: string | null = null;
  let before = 0;
  for (const [index, chunk] of file.events.entries()) {
    const skip = query.offset + rows.length - before;
    if (rows.length < limit && skip < matched[index]) {
      let seen = 0;
      await forMatches(source, [chunk], wanted, signal, (decoder, time, values) => {
        if (seen++ < skip || rows.length >= limit) return;
        if (values.some(isNameless)) undescribed ??= decoder.descriptor.name;
        const text = values.map((value) => `${value.name}=${valueText(value)}`).join(" ");
        rows.push({ time, thread: decoder.thread, name: decoder.descriptor.name, text });
      });
    }
    before += matched[index];
  }
  return {
    revision: session.revision,
    offset: query.offset,
    matched: before,
    threads: threadWords[threads],
    time: Float64Array.from(rows, ({ time }) => time),
    thread: Float64Array.from(rows, ({ thread }) => thread),
    name: rows.map(({ name }) => name),
    arguments: rows.map(({ text }) => text),
    undescribed,
  };
}

/** The events that match, in the order of the source, some thousands at a time. */
export async function* matchingEvents(
  session: TraceSession,
  query: Wanted,
  signal: AbortSignal,
): AsyncGenerator<readonly EventRowValues[]> {
  const source = await eventSource(session);
  const wanted = { ...query, range: openEnded(query.range, source.duration) };
  for (const chunk of source.file.events) {
    const rows: EventRowValues[] = [];
    await forMatches(source, [chunk], wanted, signal, (decoder, time, values) => {
      rows.push({ time, thread: decoder.thread, name: decoder.descriptor.name, arguments: values });
    });
    yield rows;
  }
}

/** How many events of each name match, most first. */
export async function eventNames(session: TraceSession, query: Wanted, signal: AbortSignal): Promise<EventNames> {
  const source = await eventSource(session);
  const wanted = { ...query, range: openEnded(query.range, source.duration) };
  const counts = new Map<string, number>();
  for (const names of await matchesOf(session, source, wanted, signal)) {
    for (const [name, count] of names) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const sorted = [...counts].sort(([a, more], [b, most]) => most - more || (a < b ? -1 : 1));
  return {
    revision: session.revision,
    name: sorted.map(([name]) => name),
    count: Float64Array.from(sorted, ([, count]) => count),
  };
}

/** How many events there are between neighbouring edges: nanoseconds, ascending. Those at or after the last edge are not counted. */
export async function countEventsOverTime(
  { file, duration }: ScannedTrace,
  edges: Float64Array,
  signal: AbortSignal,
): Promise<Float64Array> {
  const last = edges.length - 1;
  const counts = new Float64Array(last);
  const [start, end] = [edges[0], edges[last]];
  const range = openEnded({ start: nanoseconds(start), end: nanoseconds(end) }, duration);
  await forMatches({ file, duration }, file.events, { range, filter: "" }, signal, (_decoder, time) => {
    const place = Math.floor(((time - start) / (end - start)) * last);
    counts[Math.max(0, Math.min(last - 1, place))]++;
  });
  return counts;
}

/** The last event is at the very end of the trace: a range up to there holds it. */
const openEnded = (range: TimeRange | null, duration: number): TimeRange | null =>
  range === null || range.end < duration ? range : { ...range, end: nanoseconds(Infinity) };

/** Per chunk, how many records of it match, by name. */
async function matchesOf(
  session: TraceSession,
  source: EventSource,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<readonly ReadonlyMap<string, number>[]> {
  const known = knownMatches(session, JSON.stringify([wanted.range, wanted.filter, String(originOf(source.file))]));
  const matched: ReadonlyMap<string, number>[] = [];
  for (const chunk of source.file.events) {
    let names = known.get(chunk.offset);
    if (names === undefined) {
      const counts = new Map<string, number>();
      await countMatches(source, [chunk], wanted, signal, (name, more) => {
        counts.set(name, (counts.get(name) ?? 0) + more);
      });
      names = counts;
      // What is not in the file yet will be more.
      if (chunk.payload === undefined) known.set(chunk.offset, names);
    }
    matched.push(names);
  }
  return matched;
}

function knownMatches(session: TraceSession, key: string): ChunkMatches {
  const queries = lastMatches.get(session) ?? new Map<string, ChunkMatches>();
  lastMatches.set(session, queries);
  const known = queries.get(key) ?? new Map<number, ReadonlyMap<string, number>>();
  queries.delete(key);
  queries.set(key, known);
  if (queries.size > mostQueries) queries.delete(queries.keys().next().value ?? "");
  return known;
}

/** Tells how many records match, name by name. Where names alone decide, chunks say it at their ends and no record is read. */
async function countMatches(
  source: EventSource,
  chunks: readonly EventChunk[],
  { range, filter }: Wanted,
  signal: AbortSignal,
  add: (name: string, count: number) => void,
): Promise<void> {
  const wanted = parseEventFilter(filter);
  await forChunks(source, chunks, range, signal, (decoder, chunk, origin) => {
    if (wanted.matchesArguments === null && (range === null || isInside(chunk, origin, range))) {
      for (const each of decoder.descriptors) if (wanted.matchesName(each)) add(each.name, each.count);
    } else useMatches(decoder, wanted, { origin, range }, ({ descriptor }) => add(descriptor.name, 1));
  });
}

/** Calls `use` for each record that matches. */
async function forMatches(
  source: EventSource,
  chunks: readonly EventChunk[],
  { range, filter }: Wanted,
  signal: AbortSignal,
  use: Use,
): Promise<void> {
  const wanted = parseEventFilter(filter);
  await forChunks(source, chunks, range, signal, (decoder, _chunk, origin) =>
    useMatches(decoder, wanted, { origin, range }, use),
  );
}

/** Decodes chunks that hold anything of a range. One takes some milliseconds: between them, other requests have their turn. */
async function forChunks(
  source: EventSource,
  chunks: readonly EventChunk[],
  range: TimeRange | null,
  signal: AbortSignal,
  take: (decoder: EventDecoder, chunk: EventChunk, origin: bigint) => void,
): Promise<void> {
  const { file, describe } = source;
  const origin = originOf(file);
  const handle = await openEvents(file);
  try {
    for (const chunk of chunks) {
      signal.throwIfAborted();
      if (range !== null && !overlaps(chunk, origin, range)) continue;
      const decoder = await eventsOfChunk(handle, chunk, describe);
      if (decoder !== null) take(decoder, chunk, origin);
    }
  } finally {
    await handle.close();
  }
}

function useMatches(
  decoder: EventDecoder,
  wanted: EventFilter,
  { origin, range }: { readonly origin: bigint; readonly range: TimeRange | null },
  use: Use,
): void {
  const named = decoder.descriptors.map((descriptor) => wanted.matchesName(descriptor));
  while (decoder.next()) {
    if (!named[decoder.event]) continue;
    const time = timeSince(decoder.time, origin);
    if (range !== null && (time < range.start || time >= range.end)) continue;
    const { descriptor, values } = decoder.read();
    const given = namedValues(descriptor, values);
    if (wanted.matchesArguments?.(descriptor, given) !== false) use(decoder, time, given);
  }
}

const timeSince = (time: bigint, origin: bigint): number => nanoseconds(Number(time - origin));

const overlaps = ({ earliest, latest }: EventChunk, origin: bigint, { start, end }: TimeRange): boolean =>
  timeSince(earliest, origin) < end && timeSince(latest, origin) >= start;

const isInside = ({ earliest, latest }: EventChunk, origin: bigint, { start, end }: TimeRange): boolean =>
  timeSince(earliest, origin) >= start && timeSince(latest, origin) < end;
