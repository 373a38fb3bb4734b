/** Imports QEMU's binary simple traces: `exec_tb` events as executions, all others as events. */
import { BootscopeError } from "../../protocol/failure";
import { EventDecoder, parseEventsHead } from "../events/eventDecoder";
import { ThreadKind } from "../events/eventDescriptor";
import { EventEncoder } from "../events/eventEncoder";
import type { EventProblems, EventReadOptions, TakeChunk, TextLines } from "../events/eventReading";
import { findEventCatalog, type EventCatalog } from "../events/traceEventsFiles";
import type { TraceWriter } from "../writer";
import { ExecutionSink } from "./executionSink";
import type { TraceInput } from "./input/traceInput";
import { execTbTrust } from "./logTrust";
import { RecordLines } from "./recordLines";
import { numbersFor } from "./simpletraceNames";
import { scanSimpletrace } from "./scanSimpletrace";
import type { SimpletraceParts, SimpletraceScan } from "./simpletraceScan";
import { parseHeaderlessStart, parseSimpletraceHeader, type SimpletraceHeader } from "./simpletraceRecord";
import type { ImportOptions, ImportResult, ImportTrust, TraceFormat, TraceStart } from "./traceFormat";
import { eventsOnly, inseparable, lostRecords, tooManyAddresses } from "./trustSentences";

export const simpletraceFormat: TraceFormat = {
  name: "simpletrace",
  recognize: (start) => {
    const header = headerOf(start);
    return header && ((input, writer, options) => importSimpletrace(input, header, writer, options));
  },
  recognizeEvents: (start) => {
    const header = headerOf(start);
    return header && ((input, options, take) => readSimpletraceEvents(input, header, options, take));
  },
};

function headerOf({ bytes, end, whole }: TraceStart): SimpletraceHeader | null {
  const start = bytes.subarray(0, end);
  return parseSimpletraceHeader(start) ?? parseHeaderlessStart(start, whole);
}

/**
 * Reads the whole trace.
 * @param input the trace: versions before 4 take the names of events from the trace-events file beside it
 * @throws BootscopeError `unsupported` when names are needed and that file is missing
 */
async function importSimpletrace(
  input: TraceInput,
  header: SimpletraceHeader,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const sink = new ExecutionSink(writer, "host");
  const encoder = writer.eventEncoder(ThreadKind.Process);
  const { blockBytes, importWorker, waitForThreads } = options;
  const parts = {
    sink,
    encoder,
    blockBytes,
    importWorker,
    waitForThreads,
    ...(await namesFor(input, header, options.traceEvents)),
  };
  const scan = await scanSimpletrace(input, header, parts, {
    signal: options.signal,
    after: async (scan) => {
      await writer.drain();
      options.tellSoFar?.(() => resultOf(scan, sink, encoder));
      options.progress?.(input.bytesDone, input.bytesTotal);
    },
  });
  sink.finish();
  return resultOf(scan, sink, encoder);
}

function resultOf(scan: SimpletraceScan, sink: ExecutionSink, encoder: EventEncoder): ImportResult {
  const { executions, vcpus, stepsBack, startTime, endTime } = sink;
  const origin =
    scan.firstExecution === null || Number.isNaN(startTime)
      ? encoder.earliestTime
      : scan.firstExecution + BigInt(Math.round(startTime));
  return {
    format: "simpletrace",
    executions,
    events: encoder.total,
    eventOrigin: origin,
    vcpus: Math.max(1, vcpus),
    endTime: Math.max(endTime, Number(encoder.latestTime - origin)),
    stamped: true,
    stepsBack,
    dropped: scan.dropped,
    trust: trustOf(scan, sink),
  };
}

/** All records as events. */
async function readSimpletraceEvents(
  input: TraceInput,
  header: SimpletraceHeader,
  options: EventReadOptions,
  take: TakeChunk,
): Promise<EventProblems> {
  const { traceEvents, signal, progress, lines } = options;
  if (lines !== undefined) return printSimpletrace(input, header, lines, options);
  const clock = { origin: null, stamped: true };
  const full: Uint8Array[] = [];
  const encoder = new EventEncoder(ThreadKind.Process, (payload) => full.push(payload));
  const after = async (): Promise<void> => {
    for (const payload of full.splice(0)) {
      const head = parseEventsHead(payload);
      if (head !== null) await take(new EventDecoder(payload, head), clock);
    }
    progress?.(input.bytesDone, input.bytesTotal);
  };
  const parts = { sink: null, encoder, ...(await namesFor(input, header, traceEvents)) };
  const scan = await scanSimpletrace(input, header, parts, { signal, after });
  await after();
  return damageOf(scan);
}

/** All records as lines of simpletrace.py. */
async function printSimpletrace(
  input: TraceInput,
  header: SimpletraceHeader,
  lines: TextLines,
  { traceEvents, signal, progress }: EventReadOptions,
): Promise<EventProblems> {
  const encoder = new EventEncoder(ThreadKind.Process, (payload) => {
    const head = parseEventsHead(payload);
    if (head !== null) lines.chunk(new EventDecoder(payload, head));
  });
  const after = async (): Promise<void> => {
    encoder.finish();
    await lines.flush();
    progress?.(input.bytesDone, input.bytesTotal);
  };
  const parts = { sink: null, lines: new RecordLines(lines), encoder, ...(await namesFor(input, header, traceEvents)) };
  const scan = await scanSimpletrace(input, header, parts, { signal, after });
  await after();
  return damageOf(scan);
}

/** Where the names and the descriptions of events come from. */
async function namesFor(
  { path }: TraceInput,
  header: SimpletraceHeader,
  traceEvents: string | undefined,
): Promise<Pick<SimpletraceParts, "describe" | "numbersOf">> {
  const catalog = await findEventCatalog(path, traceEvents);
  const numbers = numbersFor(header, catalog, path);
  return {
    describe: (name) => catalog.describe(name),
    numbersOf: (met) => (met === header ? numbers : laterNumbers(met, catalog, path)),
  };
}

/** Of a header in the middle of a file: without a file that gives names to numbers, its events have none. */
function laterNumbers(header: SimpletraceHeader, catalog: EventCatalog, path: string): string[] | null {
  try {
    return numbersFor(header, catalog, path);
  } catch (error) {
    if (error instanceof BootscopeError) return null;
    throw error;
  }
}

function trustOf(scan: SimpletraceScan, { executions, unnumbered }: ExecutionSink): ImportTrust {
  const reasons = damageOf(scan);
  if (unnumbered > 0) reasons.push(tooManyAddresses(unnumbered));
  if (executions > 0) return execTbTrust([inseparable, ...reasons]);
  return {
    mode: scan.dropped > 0 || scan.walker.damaged ? "incomplete" : "complete",
    reasons: [eventsOnly, ...reasons],
  };
}

/** What is missing or doubtful, whatever the records tell of. */
function damageOf({ walker, dropped, numbered }: SimpletraceScan): string[] {
  const reasons = numbered ? [numbersFromFile] : [];
  if (dropped > 0) reasons.push(lostRecords("QEMU", dropped));
  if (walker.cut) reasons.push("The trace ends in the middle of a record: QEMU was killed, or the file was cut off.");
  if (walker.damaged) reasons.push("The trace is damaged: nothing after the damage could be read.");
  return reasons;
}

const numbersFromFile =
  "Which event is which was read from the trace-events file beside the trace, or from that of --trace-events or of the setting bootscope.traceEvents.descriptions: with that of another QEMU, names are wrong.";
