/** Imports `exec_tb` events from QEMU's binary simple traces. */
import { BootscopeError } from "../../protocol/failure";
import type { TraceWriter } from "../writer";
import { BlockReader, type FileBlock } from "./blockReader";
import { ExecutionSink } from "./executionSink";
import type { TraceInput } from "./input/traceInput";
import { eventNumbersBeside } from "./simpletraceNames";
import { execTbTrust } from "./logTrust";
import {
  droppedIdLow,
  eventHeadBytes,
  isSimpletraceHeader,
  mappingHeadBytes,
  maximumRecordBytes,
  parseSimpletraceHeader,
  recordType,
  simpletraceHeaderBytes,
  type SimpletraceHeader,
  typeWordBytes,
} from "./simpletraceRecord";
import type { ImportOptions, ImportResult, TraceFormat } from "./traceFormat";

const exitRequested = 3;
const exitMask = 3;
const latin1 = new TextDecoder("latin1");

export const simpletraceFormat: TraceFormat = {
  name: "simpletrace",
  recognize: ({ bytes, end }) => {
    const header = parseSimpletraceHeader(bytes.subarray(0, end));
    return header && ((input, writer, options) => importSimpletrace(input, header, writer, options));
  },
};

/**
 * Reads the whole trace.
 * @param input the trace: versions 2 and 3 take the names of events from the trace-events file beside it
 * @throws BootscopeError `unsupported` for other versions before 4, and without that file
 */
async function importSimpletrace(
  input: TraceInput,
  header: SimpletraceHeader,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const importer = new SimpletraceImporter(writer, header.littleEndian, await numbersOf(input.path, header.version));
  const reader = new BlockReader(input);
  try {
    let block = await reader.next(0);
    for (let first = true; block !== null; first = false) {
      options.signal?.throwIfAborted();
      const consumed = importer.take(block, block.start + (first ? simpletraceHeaderBytes : 0));
      await writer.drain();
      options.progress?.(input.bytesDone, input.bytesTotal);
      if (importer.damaged) break;
      block = await reader.next(consumed);
    }
  } finally {
    await reader.close();
  }
  return importer.finish();
}

/** The event numbers of a version whose files do not give them, or null. */
async function numbersOf(path: string, version: number): Promise<ReadonlyMap<string, number> | null> {
  if (version === 4) return null;
  if (version === 2 || version === 3) return eventNumbersBeside(path, version);
  throw new BootscopeError(
    "unsupported",
    `${path} is a QEMU simple trace of version ${version}; versions 2 to 4 (QEMU 1.2 and newer) can be read.`,
    "Record with a newer QEMU, or with Trace Boot.",
  );
}

class SimpletraceImporter {
  /** Bytes that cannot be a record were met: as records have no mark to find the next by, nothing after them can be read. */
  damaged = false;
  private cut = false;
  private dropped = 0;
  private readonly sink: ExecutionSink;
  /** Offsets of the low and the high half of a u64. */
  private readonly low: number;
  private readonly high: number;
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** Ids of the three events, -1 while unknown. */
  private execTb = -1;
  private execTbNocache = -1;
  private execTbExit = -1;
  /** Halves of the first time stamp; high -1: none yet. */
  private firstLow = 0;
  private firstHigh = -1;

  constructor(
    writer: TraceWriter,
    private readonly littleEndian: boolean,
    /** Event numbers by name where records have no type word; null: they have, and mappings give the numbers. */
    private readonly numbers: ReadonlyMap<string, number> | null,
  ) {
    this.execTb = numbers?.get("exec_tb") ?? -1;
    this.execTbNocache = numbers?.get("exec_tb_nocache") ?? -1;
    this.execTbExit = numbers?.get("exec_tb_exit") ?? -1;
    this.sink = new ExecutionSink(writer, "host");
    this.low = littleEndian ? 0 : 4;
    this.high = 4 - this.low;
  }

  /** Takes the block's whole records from `at` on; answers where the first that is not whole begins. */
  take({ bytes, end, last }: FileBlock, at: number): number {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (at + mappingHeadBytes <= end) {
      const length = this.takeRecord(at, end - at);
      if (length < 0) this.damaged = true;
      if (length <= 0) break;
      at += length;
    }
    this.cut = last && at < end && !this.damaged;
    return at;
  }

  finish(): ImportResult {
    const endTime = this.sink.finish();
    const { executions, vcpus, stepsBack } = this.sink;
    const reasons = [...execTbTrust.reasons];
    if (this.numbers !== null) {
      reasons.push(
        "Which event is exec_tb was read from the trace-events file beside the trace: with that of another QEMU, addresses are wrong.",
      );
    }
    if (this.dropped > 0) reasons.push(`QEMU lost ${this.dropped} records because its buffer was full.`);
    if (this.cut) reasons.push("The trace ends in the middle of a record: QEMU was killed, or the file was cut off.");
    if (this.damaged) reasons.push("The trace is damaged: nothing after the damage could be read.");
    const mode = this.dropped > 0 || this.damaged ? "incomplete" : execTbTrust.mode;
    const trust = { mode, reasons };
    return {
      format: "simpletrace",
      executions,
      vcpus,
      endTime,
      stamped: true,
      stepsBack,
      dropped: this.dropped,
      trust,
    };
  }

  /** Takes the record at `at`; answers its length, 0 when it is not whole within `available`, -1 when it is no record. */
  private takeRecord(at: number, available: number): number {
    if (this.numbers !== null) return this.takeUntyped(at, available);
    const type = this.halfAt(at + this.low);
    if (type === recordType.event && this.halfAt(at + this.high) === 0) {
      const length = this.takeEvent(at + typeWordBytes, available - typeWordBytes);
      return length > 0 ? length + typeWordBytes : length;
    }
    if (type === recordType.mapping && this.halfAt(at + this.high) === 0) {
      const length = mappingHeadBytes + this.halfAt(at + 16);
      if (length > maximumRecordBytes) return -1;
      if (length <= available) this.takeMapping(at, length);
      return length <= available ? length : 0;
    }
    if (available < simpletraceHeaderBytes) return 0;
    return isSimpletraceHeader(this.view, at, this.littleEndian) ? simpletraceHeaderBytes : -1;
  }

  /** `takeRecord` for versions 2 and 3. */
  private takeUntyped(at: number, available: number): number {
    if (available < simpletraceHeaderBytes) return 0;
    if (isSimpletraceHeader(this.view, at, this.littleEndian)) return simpletraceHeaderBytes;
    const high = this.halfAt(at + this.high);
    const isDropped = high === 0xffffffff && this.halfAt(at + this.low) === droppedIdLow;
    return high === 0 || isDropped ? this.takeEvent(at, available) : -1;
  }

  private takeMapping(at: number, length: number): void {
    const id = this.halfAt(at + 8 + this.low);
    const name = latin1.decode(
      new Uint8Array(this.view.buffer, this.view.byteOffset + at + mappingHeadBytes, length - mappingHeadBytes),
    );
    // A later mapping of an id wins, also when it takes a meaning away.
    if (this.execTb === id) this.execTb = -1;
    if (this.execTbNocache === id) this.execTbNocache = -1;
    if (this.execTbExit === id) this.execTbExit = -1;
    if (name === "exec_tb") this.execTb = id;
    else if (name === "exec_tb_nocache") this.execTbNocache = id;
    else if (name === "exec_tb_exit") this.execTbExit = id;
  }

  /** Takes the event whose id is at `at`; answers its length, 0 or -1 as `takeRecord` does. */
  private takeEvent(at: number, available: number): number {
    if (available < eventHeadBytes) return 0;
    const length = this.halfAt(at + 16);
    if (length < eventHeadBytes || length > maximumRecordBytes) return -1;
    if (length > available) return 0;
    this.useEvent(at, length);
    return length;
  }

  private useEvent(at: number, length: number): void {
    const id = this.halfAt(at + this.low);
    const lastArgument = at + length - 8;
    if (id === this.execTb || id === this.execTbNocache) {
      if (length !== eventHeadBytes + 16) return;
      const stream = this.sink.streamOfThread(this.halfAt(at + 20));
      const block = this.sink.blockAt(this.halfAt(lastArgument + this.low), this.halfAt(lastArgument + this.high));
      this.sink.announce(stream, block, this.timeOf(at + 8), this.keyOf(at + eventHeadBytes));
    } else if (id === this.execTbExit) {
      if (length !== eventHeadBytes + 16) return;
      if ((this.halfAt(lastArgument + this.low) & exitMask) === exitRequested) {
        this.sink.withdrawKey(this.keyOf(at + eventHeadBytes));
      }
    } else if (id === droppedIdLow && length === eventHeadBytes + 8) {
      this.dropped += this.halfAt(lastArgument + this.low) + this.halfAt(lastArgument + this.high) * 2 ** 32;
    }
  }

  /** Nanoseconds since the first event. */
  private timeOf(at: number): number {
    const low = this.halfAt(at + this.low);
    const high = this.halfAt(at + this.high);
    if (this.firstHigh < 0) {
      this.firstLow = low;
      this.firstHigh = high;
    }
    return (high - this.firstHigh) * 2 ** 32 + low - this.firstLow;
  }

  /** Folds a block's host address into 32 bits, to compare an exit with its entry. */
  private keyOf(at: number): number {
    return this.halfAt(at + this.low) ^ Math.imul(this.halfAt(at + this.high), 0x9e3779b1);
  }

  private halfAt(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }
}
