/**
 * Parses QEMU's log lines that tell of executed blocks, by bytes. It defines what lines mean; those laid out like one before
 * are read by assembly/logLines.ts, with the same results.
 *
 * The forms, from QEMU's sources (0.14 to 11.1):
 *   [PREFIX]exec_tb tb:0x… pc=0x…          also exec_tb_nocache; trace event, log/stderr backend
 *   [PREFIX]exec_tb_exit tb:0x… flags=0x…
 *   [ISO ](Trace|Chain) CPU: 0x… [CSBASE/PC/FLAGS/CFLAGS] SYMBOL   -d exec; since 2.12, CFLAGS since 6.1
 *   (Trace|Chain) 0x… [CPU: PC] SYMBOL                             2.8 to 2.11
 *   Trace 0x… [PC] SYMBOL                                          to 2.7
 *   [ISO ]Stopped execution of TB chain before 0x… [PC] SYMBOL
 *   Linking TBs 0x…
 * PREFIX: PID@SECONDS.MICROSECONDS: (2.3 to 3.1), TID@… (4.0 to 10.0), ISO-8601 and a space (10.1), PID@NANOSECONDS and a
 * space (SystemTap).
 */
import { digitOf } from "./hexDigits";
import { StampParser } from "./logStamp";

export const lineKind = {
  /** Nothing of ours. */
  other: 0,
  /** `exec_tb`: a block was entered from QEMU's main loop. */
  execTb: 1,
  /** `-d exec`: a block was executed. */
  trace: 2,
  /** `exec_tb_exit`. */
  exit: 3,
  /** The block announced last with this address did not run. */
  stopped: 4,
  /** QEMU chained two blocks: the second will not be announced when the first leads to it. */
  linking: 5,
  /** Begins like one of ours and breaks off. */
  torn: 6,
} as const;
export type LineKind = (typeof lineKind)[keyof typeof lineKind];

/** CF_NO_GOTO_TB, which `-d nochain` sets in CFLAGS. */
const noGotoTb = 0x200;
const lineFeed = 0x0a;
const space = 0x20;
/** Four ASCII characters as a big-endian u32. */
const word = (text: string): number => new DataView(new TextEncoder().encode(text).buffer).getUint32(0);
const [exec, tbSpace, tbUnderscore, noca, che] = ["exec", "_tb ", "_tb_", "noca", "che "].map(word);
const [exit, trac, chai, stop, link] = ["exit", "Trac", "Chai", "Stop", "Link"].map(word);
const [eSpace, nSpace] = [0x6520, 0x6e20];
const markers = ["exec_tb", "Trace ", "Chain ", "Stopped execution of TB chain before "].map((text) =>
  Buffer.from(text),
);

/** One parser per file: a scan's results are in its fields until the next. */
export class LogLineParser {
  kind: LineKind = lineKind.other;
  /** Halves of the program counter (`execTb`, `trace`, `stopped`). */
  pcLow = 0;
  pcHigh = 0;
  /** QEMU's number of the vCPU, or -1. */
  vcpu = -1;
  /** Whether the line says that chaining was off (`-d nochain`), or null when its form does not tell. */
  unchained: boolean | null = null;
  /** The last characters of the block's host address, to compare an exit with its entry. */
  tbKey = 0;
  /** How the code was left (`exit`). */
  exitFlags = 0;
  readonly stamp: StampParser;
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  // Results of hex(): where the digits ended, and how many there were.
  private digitsEnd = 0;
  private digits = 0;
  private low = 0;
  private high = 0;

  /** @param firstSecond what the times of stamps count from; NaN: the first stamp */
  constructor(firstSecond = NaN) {
    this.stamp = new StampParser(firstSecond);
  }

  /** @param bytes zero-padded by 256 bytes behind the last line */
  setBytes(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Parses the line at `at`; answers the position after its line feed (or `end`, when it is cut). */
  parse(at: number, end: number): number {
    const { bytes } = this;
    let start = at;
    if (bytes[at] >= 0x30 && bytes[at] <= 0x39) start = this.stamp.parse(bytes, at);
    else this.stamp.clear();
    let after = this.parseEvent(start);
    if (this.isEvent()) return this.endLine(after, end);
    const length = bytes.subarray(at, end).indexOf(lineFeed);
    const lineEnd = length < 0 ? end : at + length;
    after = this.parseInside(at, lineEnd);
    return this.isEvent() ? this.endLine(after, end) : Math.min(end, lineEnd + 1);
  }

  private isEvent(): boolean {
    return this.kind !== lineKind.other;
  }

  /** From the end of what was parsed to the end of the line: only a symbol's name may stand there, or a carriage return. */
  private endLine(after: number, end: number): number {
    const { bytes } = this;
    let at = after;
    if (this.kind === lineKind.execTb || this.kind === lineKind.exit) {
      if (bytes[at] === 0x0d) at++;
      if (bytes[at] !== lineFeed) this.kind = lineKind.torn;
    }
    while (at < end && bytes[at] !== lineFeed) at++;
    if (at >= end) this.kind = lineKind.torn;
    return Math.min(end, at + 1);
  }

  /** A line that does not begin like one of ours: guest output without a line feed may stand before it. */
  private parseInside(at: number, lineEnd: number): number {
    const line = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, lineEnd - at);
    for (const marker of markers) {
      const found = line.lastIndexOf(marker);
      if (found <= 0) continue;
      this.stamp.parseBefore(this.bytes, at, at + found);
      const after = this.parseEvent(at + found);
      if (this.isEvent()) return after;
    }
    return at;
  }

  /** Parses an event without its prefix; sets `kind`; answers the position after what was parsed. */
  private parseEvent(at: number): number {
    this.kind = lineKind.other;
    switch (this.view.getUint32(at)) {
      case exec:
        return this.parseExecTb(at + 4);
      case trac:
        return this.view.getUint16(at + 4) === eSpace ? this.parseTrace(at + 6) : at;
      case chai:
        return this.view.getUint16(at + 4) === nSpace ? this.parseTrace(at + 6) : at;
      case stop:
        return this.parseStopped(at);
      case link:
        if (this.text(at, "Linking TBs 0x")) this.kind = lineKind.linking;
        return at;
      default:
        return at;
    }
  }

  /** `_tb tb:0x… pc=0x…`, `_tb_nocache …` or `_tb_exit tb:0x… flags=0x…`. */
  private parseExecTb(at: number): number {
    const { view, bytes } = this;
    let event: LineKind = lineKind.execTb;
    const second = view.getUint32(at);
    if (second === tbSpace) at += 4;
    else if (second !== tbUnderscore) return at;
    else if (view.getUint32(at + 4) === noca && view.getUint32(at + 8) === che) at += 12;
    else if (view.getUint32(at + 4) === exit && bytes[at + 8] === space) {
      at += 9;
      event = lineKind.exit;
    } else return at;
    if (bytes[at] !== 0x74 || bytes[at + 1] !== 0x62 || bytes[at + 2] !== 0x3a) return at;
    this.kind = lineKind.torn;
    at += 3;
    const limit = at + 20;
    while (at < limit && bytes[at] > space) at++;
    if (bytes[at] !== space) return at;
    this.tbKey = view.getUint32(at - 4) ^ Math.imul(view.getUint32(at - 8), 0x9e3779b1);
    at++;
    return event === lineKind.exit ? this.parseExitFlags(at) : this.parsePc(at);
  }

  private parsePc(at: number): number {
    const { bytes } = this;
    if (bytes[at] !== 0x70 || bytes[at + 1] !== 0x63 || bytes[at + 2] !== 0x3d) return at;
    this.hex(this.skip0x(at + 3));
    if (this.digits === 0 || this.digits > 16) return this.digitsEnd;
    this.setPc();
    this.vcpu = -1;
    this.unchained = null;
    this.kind = lineKind.execTb;
    return this.digitsEnd;
  }

  private parseExitFlags(at: number): number {
    if (!this.text(at, "flags=")) return at;
    this.hex(this.skip0x(at + 6));
    if (this.digits === 0) return at;
    this.exitFlags = this.low;
    this.kind = lineKind.exit;
    return this.digitsEnd;
  }

  /** After `Trace ` or `Chain `. */
  private parseTrace(start: number): number {
    const { bytes } = this;
    let at = start;
    this.vcpu = -1;
    this.unchained = null;
    if (bytes[at] !== 0x30 || bytes[at + 1] !== 0x78) {
      const afterVcpu = this.decimal(at);
      if (bytes[afterVcpu] !== 0x3a || bytes[afterVcpu + 1] !== space) return at;
      this.vcpu = this.low;
      at = afterVcpu + 2;
    }
    at = this.skip0x(at);
    const limit = at + 17;
    while (at < limit && bytes[at] > space) at++;
    if (bytes[at] !== space || bytes[at + 1] !== 0x5b) return at;
    this.kind = lineKind.torn;
    return this.vcpu >= 0 ? this.parseFields(at + 2) : this.parseShortFields(at + 2);
  }

  /** `CSBASE/PC/FLAGS]` or `CSBASE/PC/FLAGS/CFLAGS]`. */
  private parseFields(at: number): number {
    const { bytes } = this;
    const limit = at + 17;
    while (at < limit && bytes[at] > space && bytes[at] !== 0x2f) at++;
    if (bytes[at] !== 0x2f) return at;
    this.hex(at + 1);
    at = this.digitsEnd;
    if (this.digits === 0 || this.digits > 16 || bytes[at] !== 0x2f) return at;
    this.setPc();
    this.hex(this.skip0x(at + 1));
    at = this.digitsEnd;
    if (bytes[at] === 0x2f) {
      this.hex(at + 1);
      at = this.digitsEnd;
      this.unchained = (this.low & noGotoTb) !== 0;
    }
    if (bytes[at] !== 0x5d) return at;
    this.kind = lineKind.trace;
    return at;
  }

  /** `CPU: PC]` or `PC]`. */
  private parseShortFields(at: number): number {
    const { bytes } = this;
    const afterVcpu = this.decimal(at);
    if (afterVcpu > at && bytes[afterVcpu] === 0x3a && bytes[afterVcpu + 1] === space) {
      this.vcpu = this.low;
      at = afterVcpu + 2;
    }
    this.hex(this.skip0x(at));
    at = this.digitsEnd;
    if (this.digits === 0 || this.digits > 16 || bytes[at] !== 0x5d) return at;
    this.setPc();
    this.kind = lineKind.trace;
    return at;
  }

  private parseStopped(at: number): number {
    const { bytes } = this;
    if (!this.text(at, "Stopped execution of TB chain before ")) return at;
    this.kind = lineKind.torn;
    const limit = at + 60;
    while (at < limit && bytes[at] !== 0x5b && bytes[at] !== lineFeed) at++;
    if (bytes[at] !== 0x5b) return at;
    this.hex(at + 1);
    if (this.digits === 0 || bytes[this.digitsEnd] !== 0x5d) return this.digitsEnd;
    this.setPc();
    this.kind = lineKind.stopped;
    return this.digitsEnd;
  }

  private setPc(): void {
    this.pcLow = this.low;
    this.pcHigh = this.high;
  }

  private skip0x(at: number): number {
    return this.bytes[at] === 0x30 && (this.bytes[at + 1] | 0x20) === 0x78 ? at + 2 : at;
  }

  private hex(at: number): void {
    const { bytes } = this;
    const start = at;
    let low = 0;
    let high = 0;
    for (let digit = digitOf[bytes[at]]; digit < 16; digit = digitOf[bytes[++at]]) {
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    this.low = low;
    this.high = high;
    this.digitsEnd = at;
    this.digits = at - start;
  }

  /** Reads at most nine decimal digits into `low`; answers the position after them. */
  private decimal(at: number): number {
    const { bytes } = this;
    const limit = at + 9;
    let value = 0;
    for (; at < limit && bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) value = value * 10 + bytes[at] - 0x30;
    this.low = value;
    return at;
  }

  private text(at: number, expected: string): boolean {
    for (let index = 0; index < expected.length; index++) {
      if (this.bytes[at + index] !== expected.charCodeAt(index)) return false;
    }
    return true;
  }
}
