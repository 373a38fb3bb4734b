/**
 * Reads the log of `qemu-system-* -d exec,nochain`: which blocks were executed, in order. It is the brute-force oracle of
 * the recorder, so it shares no code with it, nor with the importer of such logs.
 *
 * Two kinds of lines need care:
 * - "Stopped execution of TB chain before …": the block announced last did not run; it will be announced again.
 * - "cpu_io_recompile: rewound execution of TB to …": an instruction in the middle of the block announced last touched a
 *   device. QEMU runs that instruction again in a block of its own, without plugin callbacks; the block announced next is it.
 */
export interface ExecLogEvents {
  /** A block was executed: its address in two halves. */
  onBlock(high: number, low: number): void;
}

const newline = 10;
const openBracket = 0x5b;
const slash = 0x2f;

export class ExecLog {
  private rest = Buffer.alloc(0);
  private pending = false;
  private pendingDropped = false;
  private pendingHigh = 0;
  private pendingLow = 0;
  private dropNext = false;
  stoppedLines = 0;
  rewoundLines = 0;

  constructor(private readonly events: ExecLogEvents) {}

  /** Takes the next piece of the log. */
  add(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let start = 0;
    for (;;) {
      const end = all.indexOf(newline, start);
      if (end < 0) break;
      this.line(all, start, end);
      start = end + 1;
    }
    this.rest = Buffer.from(all.subarray(start));
  }

  /** The log is over: the block announced last ran. */
  finish(): void {
    this.deliver();
  }

  private line(bytes: Buffer, start: number, end: number): void {
    switch (bytes[start]) {
      case 0x54: // Trace 0: 0x7f… [cs base/pc/flags/cflags] symbol
        this.deliver();
        this.announce(bytes, start, end);
        break;
      case 0x53: // Stopped execution …
        if (bytes.toString("latin1", start, start + 17) !== "Stopped execution") break;
        this.stoppedLines++;
        this.pending = false;
        this.dropNext = this.pendingDropped;
        break;
      case 0x63: // cpu_io_recompile: rewound …
        if (bytes.toString("latin1", start, start + 16) !== "cpu_io_recompile") break;
        this.rewoundLines++;
        this.dropNext = true;
        break;
      default: // Linking TBs …, and whatever else shares the log
        break;
    }
  }

  private announce(bytes: Buffer, start: number, end: number): void {
    const bracket = bytes.indexOf(openBracket, start);
    const pc = bytes.indexOf(slash, bracket) + 1;
    if (bracket < 0 || bracket > end || pc + 16 > end) throw new Error(bytes.toString("latin1", start, end));
    this.pendingHigh = hexadecimal(bytes, pc);
    this.pendingLow = hexadecimal(bytes, pc + 8);
    this.pending = true;
    this.pendingDropped = this.dropNext;
    this.dropNext = false;
  }

  private deliver(): void {
    if (this.pending && !this.pendingDropped) this.events.onBlock(this.pendingHigh, this.pendingLow);
    this.pending = false;
  }
}

/** Eight lower-case hexadecimal digits. */
function hexadecimal(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const digit = bytes[i];
    value = (value << 4) | (digit < 0x3a ? digit - 0x30 : digit - 0x57);
  }
  return value >>> 0;
}
