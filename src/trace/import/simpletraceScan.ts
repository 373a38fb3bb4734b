/** What the records of a simple trace mean: executions go to a sink, all other events to an encoder. */
import { ArgumentKind, droppedEvent, type EventDescriptor } from "../events/eventDescriptor";
import type { EventEncoder } from "../events/eventEncoder";
import { SimpletraceEvents, type NamedEvent } from "../events/simpletraceEvents";
import { ExecutionRecords } from "./executionRecords";
import type { ExecutionSink } from "./executionSink";
import type { RecordLines } from "./recordLines";
import type { RecordLayout } from "./recordReader";
import {
  droppedIdLow,
  eventHeadBytes,
  oldRecordBytes,
  type SimpletraceHeader,
  typeWordBytes,
} from "./simpletraceRecord";
import { SimpletraceWalker, type SimpletraceVisitor } from "./simpletraceWalker";

const exitRequested = 3;
const exitMask = 3;
/** Arguments of an execution event: two words. */
const twoWords = 16;
const mostOldArguments = 6;

export interface SimpletraceParts {
  /** Where executions go; null: they are events like all others. */
  readonly sink: ExecutionSink | null;
  readonly encoder: EventEncoder;
  /** Where events go that can be printed as they are; those before them are in the encoder. */
  readonly lines?: RecordLines;
  /** Bytes read at a time. */
  readonly blockBytes?: number | undefined;
  /** The bundled importWorker: executions are then read on threads. */
  readonly importWorker?: string | undefined;
  /** Threads read from the first execution on, also if they have to be waited for. */
  readonly waitForThreads?: boolean | undefined;
  readonly describe: (name: string) => EventDescriptor | undefined;
  /** Names by number, where the file does not give them; null: it does, or nobody does. */
  readonly numbersOf: (header: SimpletraceHeader) => readonly string[] | null;
}

export class SimpletraceScan implements SimpletraceVisitor {
  readonly walker: SimpletraceWalker;
  /** Records that QEMU says it lost. */
  dropped = 0;
  /** Nanoseconds of the first execution's record on the trace's clock, from which executions are counted; null: none. */
  firstExecution: bigint | null = null;
  /** Numbers were used that only a trace-events file gives a meaning. */
  numbered = false;
  // Ids of the three events of execution, -1 while unknown.
  private execTb = -1;
  private execTbNocache = -1;
  private execTbExit = -1;
  private firstLow = 0;
  private firstHigh = -1;
  /** Reads executions in a row; null: they are events like all others. */
  readonly records: ExecutionRecords | null;
  readonly lines: RecordLines | null;
  /** Records met that are no executions or exits, and headers. */
  interruptions = 0;
  /** The last record was an execution, so that the next ones may be read in a row. */
  private inExecutions = false;
  /** Of the executions that were met last; null: the next ones may be of any other. */
  layout: RecordLayout | null = null;
  private events: SimpletraceEvents;
  /** Of all ids; only those of events that occur are in `named` too, as the trace needs a description of those. */
  private readonly names = new Map<number, string>();
  private readonly named = new Map<number, NamedEvent>();

  constructor(
    header: SimpletraceHeader,
    private readonly parts: SimpletraceParts,
  ) {
    this.walker = new SimpletraceWalker(header, this);
    this.lines = parts.lines ?? null;
    this.records = parts.sink && new ExecutionRecords(parts.sink, parts.blockBytes);
    this.events = new SimpletraceEvents(parts.encoder, parts.describe);
    this.header(header);
  }

  header(header: SimpletraceHeader): void {
    const { encoder, describe } = this.parts;
    this.interruptions++;
    this.named.clear();
    this.names.clear();
    this.lines?.begin(header);
    this.layout = null;
    this.execTb = this.execTbNocache = this.execTbExit = -1;
    this.events = new SimpletraceEvents(encoder, header.version === 0 ? (name) => asWords(describe(name)) : describe);
    const numbers = this.parts.numbersOf(header);
    this.numbered ||= numbers !== null;
    numbers?.forEach((name, id) => this.mapping(id, name));
  }

  mapping(id: number, name: string): void {
    this.interruptions++;
    this.layout = null;
    // A later mapping of an id wins, also when it takes a meaning away.
    if (this.execTb === id) this.execTb = -1;
    if (this.execTbNocache === id) this.execTbNocache = -1;
    if (this.execTbExit === id) this.execTbExit = -1;
    this.named.delete(id);
    this.lines?.forget(id);
    if (this.parts.sink !== null && name === "exec_tb") this.execTb = id;
    else if (this.parts.sink !== null && name === "exec_tb_nocache") this.execTbNocache = id;
    else if (this.parts.sink !== null && name === "exec_tb_exit") this.execTbExit = id;
    else this.names.set(id, name);
  }

  event(idAt: number, start: number, end: number): void {
    const { walker } = this;
    const id = walker.halfAt(idAt + walker.low);
    if (id === this.execTb || id === this.execTbNocache) this.execute(idAt, start, end);
    else if (id === this.execTbExit) this.leave(start, end);
    else this.keep(id, idAt, start, end);
  }

  run(at: number, end: number): number {
    const { walker, records, layout, lines } = this;
    if (lines?.takes(walker.bytes, at, end) === true) {
      this.parts.encoder.finish();
      return lines.print(walker.bytes, at, end);
    }
    if (records === null || layout === null || !this.inExecutions) return at;
    this.inExecutions = false;
    return records.take(walker.bytes, at, end, layout);
  }

  private execute(idAt: number, start: number, end: number): void {
    const { walker } = this;
    const { sink } = this.parts;
    if (sink === null || end - start !== twoWords) return;
    const { low, high } = walker;
    const process = walker.halfAt(idAt + eventHeadBytes - 4);
    const stream = sink.streamOfThread(process);
    const block = sink.blockAt(walker.halfAt(start + 8 + low), walker.halfAt(start + 8 + high));
    sink.announce(stream, block, this.timeOf(idAt + 8), this.keyOf(start));
    this.readOn(walker.halfAt(idAt + low), process);
  }

  /** Records like this one may be read in a row. */
  private readOn(execTb: number, process: number): void {
    const { walker, layout, execTbExit, firstLow: timeLow, firstHigh: timeHigh } = this;
    if (!walker.littleEndian || walker.version === 0) return;
    this.inExecutions = true;
    if (layout?.execTb === execTb && layout.process === process) return;
    const typeBytes = walker.version < 4 ? 0 : typeWordBytes;
    this.layout = { typeBytes, execTb, execTbExit, process, timeLow, timeHigh };
  }

  private leave(start: number, end: number): void {
    const { walker } = this;
    if (end - start !== twoWords) return;
    if ((walker.halfAt(start + 8 + walker.low) & exitMask) === exitRequested) {
      this.parts.sink?.withdrawKey(this.keyOf(start));
    }
  }

  private keep(id: number, idAt: number, start: number, end: number): void {
    const { walker } = this;
    this.interruptions++;
    const isDropped = id === droppedIdLow && walker.halfAt(idAt + walker.high) !== 0;
    let event = this.named.get(id);
    if (event === undefined) {
      event = isDropped ? this.lost : this.events.event(this.names.get(id) ?? `unknown_${id}`);
      this.named.set(id, event);
      if (event.described && !isDropped) this.lines?.define(id, event.descriptor);
    }
    if (isDropped && end - start >= 8) {
      this.dropped += walker.halfAt(start + walker.low) + walker.halfAt(start + walker.high) * 2 ** 32;
    }
    const old = end - start === oldRecordBytes - 16 && walker.version === 0 && event.described;
    const last = old ? start + 8 * event.descriptor.arguments.length : end;
    this.events.take(event, walker, idAt + 8, this.processAt(idAt), start, last);
  }

  private get lost(): NamedEvent {
    const number = this.parts.encoder.define(droppedEvent);
    return { descriptor: droppedEvent, described: true, number, plain: -1 };
  }

  /** The process that wrote a record; versions before 3 do not say. */
  private processAt(idAt: number): number {
    return this.walker.version >= 3 ? this.walker.halfAt(idAt + eventHeadBytes - 4) : -1;
  }

  /** Nanoseconds since the first execution. */
  private timeOf(at: number): number {
    const { walker } = this;
    const low = walker.halfAt(at + walker.low);
    const high = walker.halfAt(at + walker.high);
    if (this.firstHigh < 0) {
      this.firstLow = low;
      this.firstHigh = high;
      this.firstExecution = (BigInt(high) << 32n) | BigInt(low);
    }
    return (high - this.firstHigh) * 2 ** 32 + low - this.firstLow;
  }

  /** Folds a block's host address into 32 bits, to compare an exit with its entry. */
  private keyOf(at: number): number {
    const { walker } = this;
    return walker.halfAt(at + walker.low) ^ Math.imul(walker.halfAt(at + walker.high), 0x9e3779b1);
  }
}

/** In version 0, texts are pointers, and there are no more than six arguments. */
function asWords(descriptor: EventDescriptor | undefined): EventDescriptor | undefined {
  if (descriptor === undefined) return undefined;
  const given = descriptor.arguments.slice(0, mostOldArguments);
  const pointer = (argument: (typeof given)[number]): (typeof given)[number] =>
    argument.kind === ArgumentKind.Text ? { ...argument, kind: ArgumentKind.Pointer, hexadecimal: true } : argument;
  return { name: descriptor.name, arguments: given.map(pointer) };
}
