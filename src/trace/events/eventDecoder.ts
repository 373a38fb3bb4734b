/** Reads the payloads of events chunks (docs/trace-format.md, "Events"): what is not whole, or makes no sense, ends a chunk. */
import {
  ArgumentKind,
  isUndescribed,
  ThreadKind,
  type EventArgument,
  type EventDescriptor,
  type EventValue,
} from "./eventDescriptor";
import { eventsHeadBytes, mostArguments } from "./eventEncoder";
import { describedValues } from "./lateDescription";
import { Varint64Reader } from "./varint64";

const hexadecimalBit = 0x10;
const kindMask = 0x0f;
const threadKinds = [ThreadKind.Process, ThreadKind.Thread, ThreadKind.Vcpu];
const argumentKinds = [
  ...[ArgumentKind.Unsigned, ArgumentKind.Signed, ArgumentKind.Pointer],
  ...[ArgumentKind.Text, ArgumentKind.Bytes],
];
const noBytes = new Uint8Array(0);

/** What the head of a chunk says. */
export interface EventsHead {
  /** Events of the file before the chunk. */
  readonly firstEvent: number;
  /** Nanoseconds on the source's clock: of the first record, of the earliest and of the latest. */
  readonly firstTime: bigint;
  readonly earliest: bigint;
  readonly latest: bigint;
  readonly records: number;
  readonly descriptors: number;
  /** From the payload's start. */
  readonly recordsOffset: number;
  readonly threads: ThreadKind;
}

/** An event of a chunk, and how many records of it the chunk has. */
export interface CountedDescriptor extends EventDescriptor {
  readonly count: number;
}

/** What a record says besides time and thread. */
export interface EventRecord {
  readonly descriptor: EventDescriptor;
  readonly values: readonly EventValue[];
}

/** The head at the start of a payload, or null when it cannot be one. */
export function parseEventsHead(payload: Uint8Array): EventsHead | null {
  if (payload.length < eventsHeadBytes) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const [records, descriptors, recordsOffset] = [32, 36, 40].map((at) => view.getUint32(at, true));
  const firstEvent = Number(view.getBigUint64(0, true));
  const threads = view.getUint32(44, true);
  if (!Number.isSafeInteger(firstEvent) || recordsOffset < eventsHeadBytes) return null;
  return {
    firstEvent,
    firstTime: view.getBigUint64(8, true),
    earliest: view.getBigUint64(16, true),
    latest: view.getBigUint64(24, true),
    records,
    descriptors,
    recordsOffset,
    threads: threadKinds.find((kind) => (kind as number) === threads) ?? ThreadKind.Process,
  };
}

/** Goes through the records of one chunk; each is in its fields until the next. */
export class EventDecoder {
  readonly descriptors: readonly CountedDescriptor[];
  /** Number of the record's event among `descriptors`. */
  event = -1;
  /** Number of the record in the chunk. */
  record = -1;
  /** Halves of its time, unsigned: nanoseconds on the source's clock. */
  timeLow: number;
  timeHigh: number;
  /** Process, thread or vCPU; -1: unknown. */
  thread = -1;
  private readonly varint = new Varint64Reader();
  private at: number;
  private argumentsAt = 0;

  /** @param describe what is known by now of events that were recorded without a description */
  constructor(
    private readonly payload: Uint8Array,
    readonly head: EventsHead,
    private readonly describe?: (name: string) => EventDescriptor | undefined,
  ) {
    const end = Math.min(head.recordsOffset, payload.length);
    this.descriptors = new DescriptorReader(payload, end).read(head.descriptors);
    this.at = end;
    this.timeLow = Number(head.firstTime & 0xffffffffn);
    this.timeHigh = Number(head.firstTime >> 32n);
  }

  /** Goes to the next record; false at the end of the chunk, or of what of it makes sense. */
  next(): boolean {
    const { varint, payload } = this;
    if (this.record + 1 >= this.head.records) return false;
    let at = varint.read(payload, this.at, payload.length);
    const event = varint.low >>> 1;
    if (at < 0 || varint.isWide() || event >= this.descriptors.length) return this.stop();
    if ((varint.low & 1) !== 0) {
      at = varint.read(payload, at, payload.length);
      this.thread = varint.high * 2 ** 32 + varint.low - 1;
    }
    if (at >= 0) at = varint.read(payload, at, payload.length);
    if (at < 0) return this.stop();
    varint.unzigzag();
    const low = this.timeLow + varint.low;
    this.timeLow = low >>> 0;
    this.timeHigh = (this.timeHigh + varint.high + (low > 0xffffffff ? 1 : 0)) >>> 0;
    this.argumentsAt = at;
    for (const { kind } of this.descriptors[event].arguments) {
      at = varint.read(payload, at, payload.length);
      if (at < 0) return this.stop();
      if (!isBytes(kind)) continue;
      if (varint.isWide() || varint.low > payload.length - at) return this.stop();
      at += varint.low;
    }
    this.event = event;
    this.at = at;
    this.record++;
    return true;
  }

  get descriptor(): CountedDescriptor {
    return this.descriptors[this.event];
  }

  /** Nanoseconds on the source's clock. */
  get time(): bigint {
    return (BigInt(this.timeHigh) << 32n) | BigInt(this.timeLow);
  }

  /** The record's arguments in the order of its event's. Bytes are a view of the payload. */
  private values(): EventValue[] {
    const { varint, payload } = this;
    let at = this.argumentsAt;
    return this.descriptor.arguments.map(({ kind }) => {
      at = varint.read(payload, at, payload.length);
      if (isBytes(kind)) {
        const value = payload.subarray(at, at + varint.low);
        at += value.length;
        return value;
      }
      if (kind !== ArgumentKind.Signed) return varint.unsigned();
      varint.unzigzag();
      return varint.signed();
    });
  }

  /** The record, with names for its arguments where they are known. */
  read(): EventRecord {
    const { descriptor } = this;
    const values = this.values();
    const known = this.describe !== undefined && isUndescribed(descriptor) ? this.describe(descriptor.name) : undefined;
    const [bytes] = values;
    const described = known !== undefined && bytes instanceof Uint8Array ? describedValues(bytes, known) : null;
    return known !== undefined && described !== null
      ? { descriptor: known, values: described }
      : { descriptor, values };
  }

  private stop(): false {
    this.record = this.head.records;
    return false;
  }
}

const isBytes = (kind: ArgumentKind): boolean => kind === ArgumentKind.Text || kind === ArgumentKind.Bytes;

class DescriptorReader {
  private at = eventsHeadBytes;
  private readonly varint = new Varint64Reader();
  private readonly text = new TextDecoder();

  constructor(
    private readonly payload: Uint8Array,
    private readonly end: number,
  ) {}

  /** At most `count`: those that are whole. */
  read(count: number): CountedDescriptor[] {
    const found: CountedDescriptor[] = [];
    while (found.length < count) {
      const records = this.number();
      const name = this.string();
      const argumentCount = this.number();
      if (this.at < 0 || argumentCount > mostArguments) break;
      const given: EventArgument[] = [];
      for (let index = 0; index < argumentCount && this.at >= 0; index++) given.push(this.argument());
      if (this.at < 0) break;
      found.push({ name, arguments: given, count: records });
    }
    return found;
  }

  private argument(): EventArgument {
    const code = this.number();
    const kind = argumentKinds.at(code & kindMask);
    if (kind === undefined) this.at = -1;
    return {
      kind: kind ?? ArgumentKind.Bytes,
      hexadecimal: (code & hexadecimalBit) !== 0,
      name: this.string(),
      type: this.string(),
    };
  }

  private number(): number {
    if (this.at >= 0) this.at = this.varint.read(this.payload, this.at, this.end);
    if (this.at >= 0 && this.varint.isWide()) this.at = -1;
    return this.varint.low;
  }

  private string(): string {
    const length = this.number();
    if (this.at < 0 || length > this.end - this.at) this.at = -1;
    const bytes = this.at < 0 ? noBytes : this.payload.subarray(this.at, this.at + length);
    this.at += this.at < 0 ? 0 : length;
    return this.text.decode(bytes);
  }
}
