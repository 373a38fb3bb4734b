/** The time stamp and thread that QEMU may put before a log line. */

const colon = 0x3a;
const space = 0x20;
const atSign = 0x40;
const dot = 0x2e;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Parses `ID@SECONDS.MICROSECONDS:`, `ID@NANOSECONDS ` and ISO-8601 UTC stamps; results are in its fields. */
export class StampParser {
  /**
   * Nanoseconds since `firstSecond`, or NaN. Not since 1970: a double would be exact to 256 ns only.
   */
  time = NaN;
  /** Process (QEMU up to 3.1) or thread (4.0 to 10.0), or -1. */
  thread = -1;
  /** Seconds since 1970 at 00:00 of the day in `day`: calendars are slow, and days are long. */
  private daySeconds = 0;
  private day = -1;
  private value = 0;

  /** @param firstSecond the second that times count from; NaN: that of the first stamp, which it becomes */
  constructor(public firstSecond = NaN) {}

  clear(): void {
    this.time = NaN;
    this.thread = -1;
  }

  /** Parses the stamp at `at`; answers the position after it, or `at` when there is none. */
  parse(bytes: Uint8Array, at: number): number {
    this.clear();
    const after = this.decimal(bytes, at);
    if (bytes[after] === atSign) return this.parseThread(bytes, at, after);
    return after === at + 4 && bytes[after] === 0x2d ? this.parseIso(bytes, at) : at;
  }

  /** Parses a stamp that ends at `end` and begins no earlier than `start`, if there is one: guest output may stand before it. */
  parseBefore(bytes: Uint8Array, start: number, end: number): void {
    this.clear();
    let at = end - 1;
    const earliest = Math.max(start, end - 40);
    while (at >= earliest && (isDigit(bytes[at]) || stampBytes.has(bytes[at]))) at--;
    for (at++; at < end; at++) {
      if (isDigit(bytes[at]) && this.parse(bytes, at) === end) return;
    }
    this.clear();
  }

  private parseThread(bytes: Uint8Array, start: number, at: number): number {
    const thread = this.value;
    const afterSeconds = this.decimal(bytes, at + 1);
    const seconds = this.value;
    if (bytes[afterSeconds] === space && afterSeconds > at + 12) {
      this.decimal(bytes, afterSeconds - 9);
      const nanoseconds = this.value;
      this.decimal(bytes, at + 1, afterSeconds - 10 - at);
      this.setTime(this.value, nanoseconds);
      this.thread = thread;
      return afterSeconds + 1;
    }
    if (bytes[afterSeconds] !== dot) return start;
    const after = this.decimal(bytes, afterSeconds + 1);
    if (after !== afterSeconds + 7 || bytes[after] !== colon) return start;
    this.setTime(seconds, this.value * 1000);
    this.thread = thread;
    return after + 1;
  }

  /** `2026-11-20T12:34:56.123456Z `. */
  private parseIso(bytes: Uint8Array, at: number): number {
    const two = (offset: number): number => (bytes[at + offset] - 0x30) * 10 + bytes[at + offset + 1] - 0x30;
    if (bytes[at + 10] !== 0x54 || bytes[at + 13] !== colon || bytes[at + 16] !== colon) return at;
    if (bytes[at + 19] !== dot || bytes[at + 26] !== 0x5a || bytes[at + 27] !== space) return at;
    if (this.decimal(bytes, at + 20) !== at + 26) return at;
    const microseconds = this.value;
    const day = ((two(0) * 100 + two(2)) * 100 + two(5)) * 100 + two(8);
    if (day !== this.day) {
      this.daySeconds = Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8)) / 1000;
      this.day = day;
    }
    const seconds = this.daySeconds + (two(11) * 60 + two(14)) * 60 + two(17);
    if (Number.isNaN(seconds)) return at;
    this.setTime(seconds, microseconds * 1000);
    return at + 28;
  }

  private setTime(seconds: number, nanoseconds: number): void {
    if (Number.isNaN(this.firstSecond)) this.firstSecond = seconds;
    this.time = (seconds - this.firstSecond) * 1e9 + nanoseconds;
  }

  /** Reads digits into `value`, at most `most`; answers the position after them. */
  private decimal(bytes: Uint8Array, at: number, most = 20): number {
    let value = 0;
    for (const limit = at + most; at < limit && isDigit(bytes[at]); at++) value = value * 10 + bytes[at] - 0x30;
    this.value = value;
    return at;
  }
}

/** What stands in stamps besides digits: `@ . : - T Z` and a space. */
const stampBytes: ReadonlySet<number> = new Set([atSign, dot, colon, 0x2d, 0x54, 0x5a, space]);
