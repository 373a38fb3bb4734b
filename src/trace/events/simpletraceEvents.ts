/** Keeps the events of QEMU's simple traces, whose records hold bytes only: names and types come from elsewhere. */
import { ArgumentKind, type EventDescriptor, undescribed } from "./eventDescriptor";
import type { EventEncoder } from "./eventEncoder";

const wordBytes = 8;

/** Where a record is in a trace. */
export interface RecordPlace {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly littleEndian: boolean;
}

export interface NamedEvent {
  readonly descriptor: EventDescriptor;
  readonly described: boolean;
  readonly number: number;
  /** Number of the same event without a description: records whose bytes do not fit the description are kept so. */
  plain: number;
}

export class SimpletraceEvents {
  private readonly byName = new Map<string, NamedEvent>();

  /** @param describe what is known of an event, or undefined */
  constructor(
    private readonly encoder: EventEncoder,
    private readonly describe: (name: string) => EventDescriptor | undefined,
  ) {}

  /** The event of a name, for `take`. */
  event(name: string): NamedEvent {
    let event = this.byName.get(name);
    if (event === undefined) {
      const found = this.describe(name);
      const descriptor = found ?? undescribed(name);
      event = { descriptor, described: found !== undefined, number: this.encoder.define(descriptor), plain: -1 };
      this.byName.set(name, event);
    }
    return event;
  }

  /**
   * Keeps a record.
   * @param time position of its time stamp
   * @param thread the process that wrote it, or -1
   * @param start, end positions of its arguments
   */
  take(event: NamedEvent, place: RecordPlace, time: number, thread: number, start: number, end: number): void {
    const { view, littleEndian } = place;
    const [low, high] = littleEndian ? [0, 4] : [4, 0];
    const timeLow = view.getUint32(time + low, littleEndian);
    const timeHigh = view.getUint32(time + high, littleEndian);
    if (event.described && this.fits(event.descriptor, place, start, end)) {
      this.encoder.begin(event.number, timeLow, timeHigh, thread);
      this.takeArguments(event.descriptor, place, start);
      return;
    }
    this.encoder.begin(this.plainNumber(event), timeLow, timeHigh, thread);
    this.encoder.bytes(this.wordsOf(place, start, end));
  }

  private plainNumber(event: NamedEvent): number {
    if (!event.described) return event.number;
    if (event.plain < 0) event.plain = this.encoder.define(undescribed(event.descriptor.name));
    return event.plain;
  }

  /** Whether the arguments take up the record's bytes exactly. */
  private fits(descriptor: EventDescriptor, { view, littleEndian }: RecordPlace, start: number, end: number): boolean {
    let at = start;
    for (const { kind } of descriptor.arguments) {
      if (kind !== ArgumentKind.Text) at += wordBytes;
      else if (at + 4 > end) return false;
      else {
        at += 4 + view.getUint32(at, littleEndian);
      }
    }
    return at === end;
  }

  private takeArguments(descriptor: EventDescriptor, place: RecordPlace, start: number): void {
    const { view, littleEndian, bytes } = place;
    const [low, high] = littleEndian ? [0, 4] : [4, 0];
    let at = start;
    for (const { kind } of descriptor.arguments) {
      if (kind === ArgumentKind.Text) {
        const length = view.getUint32(at, littleEndian);
        this.encoder.bytes(bytes.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      } else {
        this.encoder.number(kind, view.getUint32(at + low, littleEndian), view.getUint32(at + high, littleEndian));
        at += wordBytes;
      }
    }
  }

  /** Undescribed arguments, as little-endian words. */
  private wordsOf({ bytes, littleEndian }: RecordPlace, start: number, end: number): Uint8Array {
    const raw = bytes.subarray(start, end);
    return littleEndian || raw.length % wordBytes !== 0 ? raw : Buffer.from(raw).swap64();
  }
}
