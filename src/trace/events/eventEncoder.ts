/** Makes the payloads of events chunks (docs/trace-format.md, "Events"). */
import { ArgumentKind, type EventDescriptor, type ThreadKind } from "./eventDescriptor";
import { mostVarint64Bytes, writeVarint64, writeZigzag64 } from "./varint64";

export const eventsHeadBytes = 48;
/** Of one event: QEMU allows ten. */
export const mostArguments = 64;
/** Small enough that the chunk that a page of a list begins in is decoded at once. */
const usualPayloadBytes = 256 * 1024;
const hexadecimalBit = 0x10;
/** Code, thread and time of a record. */
const recordHeadBytes = 3 * mostVarint64Bytes;

interface KnownEvent {
  readonly descriptor: EventDescriptor;
  /** Number in the chunk that is being filled, or -1: not used there. */
  local: number;
  /** Records of it in that chunk. */
  count: number;
}

interface Span {
  readonly earliest: bigint;
  readonly latest: bigint;
}

/** Call `begin`, then `number` or `bytes` once for each argument of the event, in order. */
export class EventEncoder {
  /** Records so far. */
  total = 0;
  private readonly known: KnownEvent[] = [];
  private used: KnownEvent[] = [];
  private buffer: Uint8Array;
  private at = 0;
  private records = 0;
  /** Of the record before; -1: none yet in this chunk. */
  private thread = -1;
  private readonly previous = new Uint32Array(2);
  private readonly first = new Uint32Array(2);
  private readonly earliest = new Uint32Array(2);
  private readonly latest = new Uint32Array(2);
  /** Of all chunks that were sealed. */
  private span: Span | null = null;

  /**
   * @param threads what `thread` of `begin` means
   * @param emit takes each payload when it is full
   */
  constructor(
    private readonly threads: ThreadKind,
    private readonly emit: (payload: Uint8Array) => void,
    private readonly payloadBytes = usualPayloadBytes,
  ) {
    this.buffer = new Uint8Array(payloadBytes);
  }

  /** Time of the earliest record so far; 0n: none. */
  get earliestTime(): bigint {
    return this.wholeSpan()?.earliest ?? 0n;
  }

  get latestTime(): bigint {
    return this.wholeSpan()?.latest ?? 0n;
  }

  /** Number of an event, for `begin`. */
  define(descriptor: EventDescriptor): number {
    this.known.push({ descriptor, local: -1, count: 0 });
    return this.known.length - 1;
  }

  /**
   * Begins a record.
   * @param low, high halves of its time: nanoseconds on the source's clock
   * @param thread process, thread or vCPU, or -1
   */
  begin(event: number, low: number, high: number, thread: number): void {
    if (this.at >= this.payloadBytes) this.seal();
    this.reserve(recordHeadBytes);
    const known = this.known[event];
    if (known.local < 0) known.local = this.used.push(known) - 1;
    known.count++;
    this.noteTime(low >>> 0, high >>> 0);
    const changed = thread !== this.thread || this.records === 0;
    const { buffer, previous } = this;
    this.at = writeVarint64(buffer, this.at, known.local * 2 + (changed ? 1 : 0), 0);
    if (changed) this.at = writeVarint64(buffer, this.at, thread + 1, thread + 1 > 0xffffffff ? 1 : 0);
    const deltaLow = low - previous[0];
    this.at = writeZigzag64(buffer, this.at, deltaLow, high - previous[1] - (low >>> 0 < previous[0] ? 1 : 0));
    previous[0] = low;
    previous[1] = high;
    this.thread = thread;
    this.records++;
    this.total++;
  }

  /** An argument that is a number, as halves of its 64 bits. */
  number(kind: ArgumentKind, low: number, high: number): void {
    this.reserve(mostVarint64Bytes);
    const write = kind === ArgumentKind.Signed ? writeZigzag64 : writeVarint64;
    this.at = write(this.buffer, this.at, low, high);
  }

  /** An argument that is a text, or bytes. */
  bytes(value: Uint8Array): void {
    this.reserve(mostVarint64Bytes + value.length);
    this.at = writeVarint64(this.buffer, this.at, value.length, 0);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** Emits what is left. */
  finish(): void {
    if (this.records > 0) this.seal();
  }

  private noteTime(low: number, high: number): void {
    const { first, previous, earliest, latest } = this;
    if (this.records === 0) {
      for (const time of [first, previous, earliest, latest]) time.set([low, high]);
    } else if (isBefore(low, high, earliest)) earliest.set([low, high]);
    else if (!isBefore(low, high, latest)) latest.set([low, high]);
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.at + bytes));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
  }

  /** What `finish` would emit now, without ending the chunk; null when there is nothing in it. */
  unsealed(): Uint8Array | null {
    return this.records === 0 ? null : this.payload();
  }

  private seal(): void {
    const payload = this.payload();
    this.span = this.wholeSpan();
    for (const known of this.used) {
      known.local = -1;
      known.count = 0;
    }
    this.used = [];
    this.at = 0;
    this.records = 0;
    this.thread = -1;
    this.emit(payload);
  }

  /** Of the chunk that is being filled and of all those before. */
  private wholeSpan(): Span | null {
    const { span, records } = this;
    if (records === 0) return span;
    const [earliest, latest] = [numberOf(this.earliest), numberOf(this.latest)];
    return {
      earliest: span !== null && span.earliest < earliest ? span.earliest : earliest,
      latest: span !== null && span.latest > latest ? span.latest : latest,
    };
  }

  private payload(): Uint8Array {
    const descriptors = Buffer.concat(this.used.map(formatDescriptor));
    const payload = Buffer.alloc(eventsHeadBytes + descriptors.length + this.at);
    payload.writeBigUInt64LE(BigInt(this.total - this.records), 0);
    [this.first, this.earliest, this.latest].forEach((time, index) => {
      payload.writeUInt32LE(time[0], 8 + 8 * index);
      payload.writeUInt32LE(time[1], 12 + 8 * index);
    });
    payload.writeUInt32LE(this.records, 32);
    payload.writeUInt32LE(this.used.length, 36);
    payload.writeUInt32LE(eventsHeadBytes + descriptors.length, 40);
    payload.writeUInt32LE(this.threads, 44);
    payload.set(descriptors, eventsHeadBytes);
    payload.set(this.buffer.subarray(0, this.at), eventsHeadBytes + descriptors.length);
    return payload;
  }
}

const numberOf = (halves: Uint32Array): bigint => (BigInt(halves[1]) << 32n) | BigInt(halves[0]);

const isBefore = (low: number, high: number, time: Uint32Array): boolean =>
  high < time[1] || (high === time[1] && low < time[0]);

function formatDescriptor({ descriptor, count }: KnownEvent): Uint8Array {
  const parts: Uint8Array[] = [varint(count), string(descriptor.name), varint(descriptor.arguments.length)];
  for (const { name, kind, hexadecimal, type } of descriptor.arguments) {
    parts.push(Uint8Array.of(kind | (hexadecimal ? hexadecimalBit : 0)), string(name), string(type));
  }
  return Buffer.concat(parts);
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(mostVarint64Bytes);
  return bytes.subarray(0, writeVarint64(bytes, 0, value, 0));
}

function string(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}
