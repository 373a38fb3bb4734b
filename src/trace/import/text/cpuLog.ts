/**
 * Imports `-d cpu`: a dump of the registers before each block. It has no head and no vCPU, so a block is where a dump says that
 * the program counter is. The forms, from QEMU's target/…/cpu.c and cpu-dump.c (1.0 to 11.1):
 *
 *   x86_64    RIP=ffffffff81000000 RFL=… in 64-bit mode
 *             EIP=0000fff0 EFL=… and then CS =f000 ffff0000 0000ffff 00009b00: the address is that of CS plus EIP
 *   aarch64    PC=0000000040400000 X00=… (to 3.1 without the space, with SP behind it)
 *   arm       R12=00000000 R13=… R14=… R15=40400000
 *   riscv      pc       0000000080000000 (11.1: more spaces, no zeros before the number)
 *
 * With `int`, dumps also follow lines that tell of an interrupt or of SMM; those are of no block, but the lines are events.
 */
import type { EventCatalog } from "../../events/traceEventsFiles";
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { eventsTrust } from "../logTrust";
import type { ImportResult, ImportTrust, TraceFormat } from "../traceFormat";
import { cutLog } from "../trustSentences";
import { DumpedGuest } from "./dumpedGuest";
import { FieldReader } from "./fields";
import { LineEvents, noClock } from "./lineEvents";
import { importEventLines, lineText, type LineReader } from "./textLines";

const dumpStart =
  /^(?:RIP=[0-9a-f]{16} RFL=|EIP=[0-9a-f]{8} EFL=| ?PC=[0-9a-f]{16} |R12=[0-9a-f]{8} R13=| pc +[0-9a-f]+\r?$)/m;

export const cpuLogFormat: TraceFormat = {
  name: "qemu-cpu-log",
  recognize: ({ text }) =>
    dumpStart.test(text) ? importEventLines((writer, catalog) => new RegisterDumps(writer, catalog)) : null,
};

const [space, upperC, upperE, upperP, upperR, upperS, upperX, lowerP] = Buffer.from(" CEPRSXp");
const [letterV, colon] = [0x76, 0x3a];
/** From such a line to the program counter of the dump behind it; APX has four lines of registers more. */
const longestWayToPc = 9;
/** `R12=%08x R13=%08x R14=%08x ` and `R15=%08x`. */
const r15At = 39;
const armLineLength = 51;

class RegisterDumps implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly events: LineEvents;
  private readonly fields = new FieldReader();
  private readonly guest = new DumpedGuest();
  private line = 0;
  /** Of the last line that announces a dump of no block. */
  private otherDump = -Infinity;
  /** EIP, which waits for its CS; NaN: none does. */
  private eip = NaN;

  constructor(writer: TraceWriter, catalog: EventCatalog) {
    this.sink = new ExecutionSink(writer, "events");
    this.events = new LineEvents(writer, catalog, noClock);
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const { fields, guest } = this;
    this.line++;
    fields.set(bytes, start);
    switch (bytes[start]) {
      case upperR:
        if (fields.text("RIP=") && fields.hex()) this.takeRip(lineText(bytes, start, end));
        else if (end === start + armLineLength) this.takeR15(bytes, start);
        break;
      case upperE:
        if (fields.text("EIP=") && fields.hex()) this.takeEip(lineText(bytes, start, end));
        break;
      case upperC:
        if (fields.text("CS =")) this.takeCodeSegment();
        else if (fields.text("CPU Reset")) this.otherDump = this.line;
        break;
      case upperP:
        if (fields.text("PC=") && fields.hex()) this.takePc();
        else guest.takeMode(bytes, start, end);
        break;
      case upperX:
        guest.takeMode(bytes, start, end);
        break;
      case upperS:
        if (fields.text("SMM: ")) this.otherDump = this.line;
        break;
      case space:
        this.takeIndented(bytes, start, end);
        break;
      default:
        if (isInterrupt(bytes, start, end)) this.otherDump = this.line;
    }
    this.events.takeLine(bytes, start, end, this.sink.executions);
  }

  finish(): void {
    this.sink.finish();
    this.events.sink.finish();
  }

  result(cut: boolean): ImportResult {
    const { target, systemEmulation } = this.guest;
    const result = resultSoFar(
      this.sink,
      { format: cpuLogFormat.name, stamped: false, trust: cpuTrust(cut), target, systemEmulation },
      this.events.sink,
    );
    return result.executions > 0 ? result : { ...result, vcpus: 1, trust: eventsTrust(cut) };
  }

  private takeIndented(bytes: Uint8Array, start: number, end: number): void {
    const { fields } = this;
    if (bytes[start + 1] === lowerP) {
      if (!fields.text(" pc ")) return;
      fields.spaces();
      if (fields.hex() && fields.at === end) this.takeRiscvPc();
    } else if (bytes[start + 1] === upperP) {
      if (fields.text(" PC=") && fields.hex()) this.takePc();
    } else if (isInterrupt(bytes, start, end)) this.otherDump = this.line;
    else this.guest.takeRiscv(bytes, start, end);
  }

  private takeRip(line: string): void {
    this.guest.takeX86(line, true);
    this.execute();
  }

  private takeEip(line: string): void {
    this.eip = this.fields.low;
    this.guest.takeX86(line, false);
  }

  private takePc(): void {
    this.guest.takeArm(true);
    this.execute();
  }

  private takeRiscvPc(): void {
    this.guest.takeRiscvPc();
    this.execute();
  }

  private takeR15(bytes: Uint8Array, start: number): void {
    this.fields.set(bytes, start + r15At);
    if (!this.fields.text("R15=") || !this.fields.hex()) return;
    this.guest.takeArm(false);
    this.execute();
  }

  /** After `CS =`: selector and base. */
  private takeCodeSegment(): void {
    const { fields, eip } = this;
    if (Number.isNaN(eip)) return;
    this.eip = NaN;
    if (!fields.hex() || !fields.text(" ") || !fields.hex()) return;
    fields.low = (fields.low + eip) | 0;
    fields.high = 0;
    this.execute();
  }

  /** The block at the address just read. */
  private execute(): void {
    if (this.line - this.otherDump <= longestWayToPc) {
      this.otherDump = -Infinity;
      return;
    }
    this.sink.announce(0, this.sink.blockAt(this.fields.low, this.fields.high), NaN, 0);
  }
}

/** `%6d: v=…` of `-d int` on x86. */
function isInterrupt(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (bytes[at] === space) at++;
  while (bytes[at] >= 0x30 && bytes[at] <= 0x39) at++;
  return at + 3 < end && bytes[at] === colon && bytes[at + 2] === letterV && bytes[at + 3] === 0x3d;
}

function cpuTrust(cut: boolean): ImportTrust {
  const reasons = [
    "A log of -d cpu does not say whether nochain was used: with it, every block is here; without it, blocks that QEMU chained to the one before them are missing.",
    "It does not say which vCPU the registers are of: all are one here.",
    "Record with Trace Boot, or with QEMU's -d exec,nochain -D FILE, to be sure: its lines say both.",
  ];
  if (cut) reasons.push(cutLog);
  return { mode: "chained", reasons };
}
