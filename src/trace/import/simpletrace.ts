/** Imports QEMU's binary simple traces: `exec_tb` events as executions, all others as events. */
import { BootscopeError } from "../../protocol/failure";
import { ThreadKind } from "../events/eventDescriptor";
import { EventEncoder } from "../events/eventEncoder";
import { findEventCatalog, type EventCatalog } from "../events/traceEventsFiles";
import type { TraceWriter } from "../writer";
import { ExecutionSink } from "./executionSink";
import type { TraceInput } from "./input/traceInput";
import { execTbTrust } from "./logTrust";
import { numbersFor } from "./simpletraceNames";
import { scanSimpletrace, type SimpletraceScan } from "./simpletraceScan";
import { parseHeaderlessStart, parseSimpletraceHeader, type SimpletraceHeader } from "./simpletraceRecord";
import type { ImportOptions, ImportResult, ImportTrust, TraceFormat } from "./traceFormat";

export const simpletraceFormat: TraceFormat = {
  name: "simpletrace",
  recognize: ({ bytes, end, whole }) => {
    const start = bytes.subarray(0, end);
    const header = parseSimpletraceHeader(start) ?? parseHeaderlessStart(start, whole);
    return header && ((input, writer, options) => importSimpletrace(input, header, writer, options));
  },
};

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
  const catalog = await findEventCatalog(input.path, options.traceEvents);
  const numbers = numbersFor(header, catalog, input.path);
  const sink = new ExecutionSink(writer, "host");
  const encoder = new EventEncoder(ThreadKind.Process, (payload) => writer.addEvents(payload));
  const parts = {
    sink,
    encoder,
    describe: (name: string) => catalog.describe(name),
    numbersOf: (met: SimpletraceHeader) => (met === header ? numbers : laterNumbers(met, catalog, input.path)),
  };
  const scan = await scanSimpletrace(input, header, parts, {
    signal: options.signal,
    after: async () => {
      await writer.drain();
      options.progress?.(input.bytesDone, input.bytesTotal);
    },
  });
  const endTime = sink.finish();
  const { executions, vcpus, stepsBack, startTime } = sink;
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
    trust: trustOf(scan, executions),
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

function trustOf({ walker, dropped, numbered }: SimpletraceScan, executions: number): ImportTrust {
  const reasons = executions > 0 ? [...execTbTrust.reasons, inseparable] : [eventsOnly];
  if (numbered) reasons.push(numbersFromFile);
  if (dropped > 0) reasons.push(`QEMU lost ${dropped} records because its buffer was full.`);
  if (walker.cut) reasons.push("The trace ends in the middle of a record: QEMU was killed, or the file was cut off.");
  if (walker.damaged) reasons.push("The trace is damaged: nothing after the damage could be read.");
  const whole = executions > 0 ? execTbTrust.mode : "complete";
  return { mode: dropped > 0 || walker.damaged ? "incomplete" : whole, reasons };
}

const eventsOnly = "The trace holds events only: block executions were not recorded.";
const inseparable =
  "A simple trace does not say which virtual CPU executed a block: the blocks of several are in one sequence.";
const numbersFromFile =
  "Which event is which was read from the trace-events file beside the trace: with that of another QEMU, names are wrong.";
