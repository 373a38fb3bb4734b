/** Logs as lists of events: of those without executions, and of all where events are asked for and nothing else. */
import { EventDecoder, parseEventsHead } from "../events/eventDecoder";
import { ThreadKind } from "../events/eventDescriptor";
import { EventEncoder } from "../events/eventEncoder";
import type { EventProblems, EventReadOptions, TakeChunk } from "../events/eventReading";
import { isInterruptLine } from "../events/interruptLines";
import { findEventCatalog } from "../events/traceEventsFiles";
import { lineBlocks } from "./blockReader";
import type { TraceInput } from "./input/traceInput";
import type { LogClock } from "./logClock";
import { LogEventCollector } from "./logEventLines";
import { LogEventSink } from "./logEventSink";
import { StampParser } from "./logStamp";
import type { TraceStart } from "./traceFormat";

const lineFeed = 0x0a;
const latin1 = new TextDecoder("latin1");
/** A QEMU event line: its prefix tells it for certain. */
const stampedLine = /^(?:\d+@\d+(?:\.\d{6}:| )|\d{4}-\d\d-\d\dT\S+Z )[a-z]\w* /;
/** One without a prefix: a name with an underscore and an argument that has a number. */
const plainLine = /^[a-z][a-z\d]*(?:_[a-z\d]+)+ .*(?:0x[\da-f]|\d)/;
/** One line may be anything. */
const convincingLines = 3;
const searchedLines = 2000;

/** The clock of a log that has events and no executions; null: this is none. */
export function findEventsClock({ bytes, end, whole }: TraceStart): LogClock | null {
  const stamp = new StampParser();
  let plain = 0;
  for (let at = 0, lines = 0; at < end && lines < searchedLines; lines++) {
    const found = bytes.subarray(at, end).indexOf(lineFeed);
    if (found < 0 && !whole) break;
    const next = found < 0 ? end : at + found + 1;
    const line = latin1.decode(bytes.subarray(at, Math.min(next, at + 512)));
    const event = line.slice(stamp.parse(bytes, at) - at).trimEnd();
    const isInterrupt = isInterruptLine(event);
    if (isInterrupt || stampedLine.test(line)) {
      if (!Number.isNaN(stamp.time)) return { stamped: true, firstSecond: stamp.firstSecond };
      if (isInterrupt) return { stamped: false, firstSecond: NaN };
    } else if (plainLine.test(line) && ++plain >= convincingLines) return { stamped: false, firstSecond: NaN };
    at = next;
  }
  return null;
}

/** All events of a log, executions (`exec_tb`) among them. */
export async function readLogEvents(
  input: TraceInput,
  clock: LogClock,
  { traceEvents, signal, progress }: EventReadOptions,
  take: TakeChunk,
): Promise<EventProblems> {
  const full: Uint8Array[] = [];
  const encoder = new EventEncoder(ThreadKind.Thread, (payload) => full.push(payload));
  const sink = new LogEventSink(clock, await findEventCatalog(input.path, traceEvents), encoder);
  const collector = new LogEventCollector();
  const stamp = new StampParser(clock.firstSecond);
  // Without stamps, events are numbered.
  const source = { origin: null, stamped: clock.stamped };
  const hand = async (): Promise<void> => {
    for (const payload of full.splice(0)) {
      const head = parseEventsHead(payload);
      if (head !== null) await take(new EventDecoder(payload, head), source);
    }
  };
  let cut = false;
  for await (const { bytes, start, end } of lineBlocks(input)) {
    signal?.throwIfAborted();
    for (let at = start; at < end;) {
      const found = bytes.indexOf(lineFeed, at);
      const next = found < 0 || found >= end ? end : found + 1;
      cut = bytes[next - 1] !== lineFeed;
      if (!cut) collector.take(bytes, at, next, 0, stamp);
      at = next;
    }
    sink.takeAll(collector.finish(), () => sink.encoder.total);
    await hand();
    progress?.(input.bytesDone, input.bytesTotal);
  }
  sink.finish();
  await hand();
  return cut ? ["The log ends in the middle of a line: QEMU was killed, or the file was cut off."] : [];
}
