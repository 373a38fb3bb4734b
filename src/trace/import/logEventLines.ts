/** Lines of a log that may tell of events, as its parsers find them: what they mean is found out by the one that writes the trace. */
import { mayBeInterruptLine } from "../events/interruptLines";
import { mayBeDisassembly } from "./text/disassembly";
import type { StampParser } from "./logStamp";

/** Lines of one text, in order. */
export interface LogEventLines {
  /** Without prefixes and line ends, one after the other. */
  readonly bytes: Uint8Array;
  /** Per line: where it ends in `bytes`. */
  readonly ends: Uint32Array;
  /** Rows of the text before it. */
  readonly rows: Uint32Array;
  /** Nanoseconds as in rows, NaN without a stamp. */
  readonly times: Float64Array;
  /** Thread, or -1. */
  readonly threads: Float64Array;
}

/** QEMU's are shorter: what is longer is a guest's. */
const mostLineBytes = 4096;
const [underscore, space, carriageReturn, lineFeed] = [0x5f, 0x20, 0x0d, 0x0a];

const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isNameByte = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || byte === underscore || (byte >= 0x30 && byte <= 0x39) || isCapital(byte);

const isTelling = (text: Uint8Array, start: number, end: number, stamped: boolean): boolean =>
  mayBeEvent(text, start, end, stamped) || mayBeInterruptLine(text, start, end) || mayBeDisassembly(text, start);

/**
 * Whether a name stands there. Without a stamp before it, it may be the guest's output: QEMU's names have an underscore. From 10.1 on,
 * lines of `-d exec` have a stamp too: these begin with a capital letter, as no name of an event does.
 */
function mayBeEvent(text: Uint8Array, start: number, end: number, stamped: boolean): boolean {
  if (isCapital(text[start])) return false;
  let at = start;
  let underscores = 0;
  for (; at < end && isNameByte(text[at]); at++) if (text[at] === underscore) underscores++;
  return at > start && (at === end || text[at] === space) && (stamped || underscores > 0);
}

export class LogEventCollector {
  private bytes = new Uint8Array(0);
  private used = 0;
  private ends: number[] = [];
  private rows: number[] = [];
  private times: number[] = [];
  private threads: number[] = [];

  /** Takes the line of `text` from `at` to `end`, with or without its line feed, if it looks like an event; answers whether it does. */
  take(text: Uint8Array, at: number, end: number, row: number, stamp: StampParser): boolean {
    const start = stamp.parse(text, at);
    let lineEnd = end;
    while (lineEnd > start && (text[lineEnd - 1] === lineFeed || text[lineEnd - 1] === carriageReturn)) lineEnd--;
    if (lineEnd - start > mostLineBytes) return false;
    if (!isTelling(text, start, lineEnd, start > at)) return false;
    this.reserve(lineEnd - start);
    this.bytes.set(text.subarray(start, lineEnd), this.used);
    this.used += lineEnd - start;
    this.ends.push(this.used);
    this.rows.push(row);
    this.times.push(stamp.time);
    this.threads.push(stamp.thread);
    return true;
  }

  /** What was taken since the last call; null: nothing. */
  finish(): LogEventLines | null {
    if (this.ends.length === 0) return null;
    const lines = {
      bytes: this.bytes.slice(0, this.used),
      ends: Uint32Array.from(this.ends),
      rows: Uint32Array.from(this.rows),
      times: Float64Array.from(this.times),
      threads: Float64Array.from(this.threads),
    };
    this.used = 0;
    [this.ends, this.rows, this.times, this.threads] = [[], [], [], []];
    return lines;
  }

  private reserve(more: number): void {
    if (this.used + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(65_536, 2 * this.bytes.length, this.used + more));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
