/**
 * Imports `-d in_asm`: the disassembly of each block when it is translated. The form (disas.c of QEMU 1.0 to 11.1):
 *
 *   ----------------
 *   IN: SYMBOL
 *   0xfffffff0:  ea 5b e0 00 f0           ljmpw    $0xf000:$0xe05b
 *   0x043205f9:  48 ba 00 00 10 00 00 8f  movabsq  $0x8f0000100000, %rdx
 *   0x04320601:  00 00
 *   (empty line)
 *
 * The bytes of x86 stand one by one, in the order of memory, over several lines when there are more than eight; those of other
 * targets are words of two or four bytes in the order of the target, which the log does not tell. riscv has a line `Priv: …`
 * below the first up to 9.1.
 */
import type { EventCatalog } from "../../events/traceEventsFiles";
import type { TraceWriter } from "../../writer";
import { crc32 } from "../../crc";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { coverageTrust } from "./coverageTrust";
import { FieldReader } from "./fields";
import { LineEvents, noClock } from "./lineEvents";
import { importEventLines, type LineReader } from "./textLines";

const firstBlock = /^IN:.{0,200}\r?\n(?:Priv: .{0,40}\r?\n)?0x[0-9a-f]{8,16}: {2}[0-9a-f]{2,8} /m;

export const disassemblyLogFormat: TraceFormat = {
  name: "qemu-in_asm-log",
  recognize: ({ text }) =>
    firstBlock.test(text) ? importEventLines((writer, catalog) => new Disassembly(writer, catalog)) : null,
};

const [space, zero, upperI] = [0x20, 0x30, 0x49];
/** QEMU translates at most 512 instructions at a time, of at most 15 bytes. */
const mostBlockBytes = 512 * 16;

class Disassembly implements LineReader {
  private readonly fields = new FieldReader();
  private readonly numbers = new Map<string, number>();
  private executions = 0;
  /** Blocks without a line of disassembly. */
  private empty = 0;
  // The block that is being read.
  private inBlock = false;
  private address = 0n;
  private readonly bytes = new Uint8Array(mostBlockBytes);
  private length = 0;
  private lengths: number[] = [];
  /** All of the block's bytes stood one by one, so that their order is known. */
  private ordered = true;

  private readonly events: LineEvents;

  constructor(
    private readonly writer: TraceWriter,
    catalog: EventCatalog,
  ) {
    this.events = new LineEvents(writer, catalog, noClock);
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === upperI && bytes[start + 1] === 0x4e && bytes[start + 2] === 0x3a) this.begin();
    else if (this.inBlock && end === start) this.endBlock();
    else if (this.inBlock && bytes[start] === zero) this.takeInstruction(bytes, start, end);
    else this.events.takeLine(bytes, start, end, this.executions);
  }

  finish(cut: boolean): ImportResult {
    // Of a block that is cut off, nobody knows how much is missing.
    if (!cut) this.endBlock();
    const more = this.empty > 0 ? [`${this.empty} blocks have no disassembly: where they are is not known.`] : [];
    this.events.sink.finish();
    const { total, end } = this.events.sink.kept(NaN);
    return {
      format: disassemblyLogFormat.name,
      executions: this.executions,
      events: total,
      eventOrigin: 0n,
      vcpus: this.executions > 0 ? 1 : 0,
      endTime: Math.max(this.executions, end),
      stamped: false,
      instructionsCounted: true,
      stepsBack: 0,
      dropped: 0,
      trust: coverageTrust("A log of -d in_asm", cut, more),
    };
  }

  private begin(): void {
    this.endBlock();
    this.inBlock = true;
    this.length = 0;
    this.lengths = [];
    this.ordered = true;
  }

  private takeInstruction(line: Uint8Array, start: number, end: number): void {
    const { fields } = this;
    fields.set(line, start);
    if (!fields.hex() || !fields.text(":  ")) return;
    const address = (BigInt(fields.high >>> 0) << 32n) | BigInt(fields.low >>> 0);
    if (this.lengths.length === 0) this.address = address;
    else if (address !== this.address + BigInt(this.length)) return;
    const before = this.length;
    const at = this.takeBytes(line, fields.at, end);
    const taken = this.length - before;
    if (taken === 0) return;
    const goesOn = at >= end && this.lengths.length > 0;
    if (goesOn) this.lengths[this.lengths.length - 1] += taken;
    else this.lengths.push(taken);
  }

  /** Takes words of hexadecimal digits with one space between them; answers the position after them and all spaces. */
  private takeBytes(line: Uint8Array, start: number, end: number): number {
    const { fields } = this;
    fields.set(line, start);
    for (;;) {
      const wordStart = fields.at;
      if (!fields.hex()) return wordStart;
      const digits = fields.at - wordStart;
      if (!(digits === 2 || digits === 4 || digits === 8) || this.length + 4 > mostBlockBytes) return wordStart;
      if (fields.at < end && line[fields.at] !== space) return wordStart;
      if (digits > 2) this.ordered = false;
      for (let shift = 0; shift < digits * 4; shift += 8) this.bytes[this.length++] = fields.low >>> shift;
      if (fields.at >= end) return end;
      fields.at++;
      if (line[fields.at] === space) {
        fields.spaces();
        return fields.at;
      }
    }
  }

  private endBlock(): void {
    if (!this.inBlock) return;
    this.inBlock = false;
    if (this.lengths.length === 0) {
      this.empty++;
      return;
    }
    const stream = this.writer.stream(0);
    stream.execute(this.numberOfBlock(), this.lengths.length, this.executions);
    this.executions++;
  }

  /** Code may change: a block is its address and its bytes. */
  private numberOfBlock(): number {
    const content = crc32(this.bytes.subarray(0, this.length));
    const key = `${this.address} ${this.length} ${content}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.writer.addBlock({
        address: this.address,
        size: this.length,
        instructionLengths: this.lengths,
        ...(this.ordered && { crc: content }),
      });
      this.numbers.set(key, number);
    }
    return number;
  }
}
