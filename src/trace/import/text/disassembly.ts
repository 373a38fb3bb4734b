/**
 * Reads the disassembly that `-d in_asm` logs of each block when it is translated. The form (disas.c of QEMU 1.0 to 11.1):
 *
 *   ----------------
 *   IN: SYMBOL
 *   0xfffffff0:  ea 5b e0 00 f0           ljmpw    $0xf000:$0xe05b
 *   0x043205f9:  48 ba 00 00 10 00 00 8f  movabsq  $0x8f0000100000, %rdx
 *   0x04320601:  00 00
 *   (empty line)
 *
 * The bytes of x86 stand one by one, in the order of memory, over several lines when there are more than eight; those of other
 * targets are words of two or four bytes in the order of the target (disassembledTarget.ts). riscv has a line `Priv: …` below the first
 * up to 9.1. A QEMU without a disassembler prints the address alone, and lines `OBJD-T: ea5be000f0` with up to 32 bytes each
 * in the order of memory, which do not tell instructions apart.
 */
import { FieldReader } from "./fields";
import type { DisassembledTarget } from "./disassembledTarget";

/** A block as it was translated. */
export interface TranslatedBlock {
  readonly address: bigint;
  /** In the order of memory, if that is known. */
  readonly bytes: Uint8Array;
  readonly ordered: boolean;
  /** Per instruction; null: not told. */
  readonly lengths: readonly number[] | null;
}

const [space, zero, upperI, upperO, colon] = [0x20, 0x30, 0x49, 0x4f, 0x3a];
/** QEMU translates at most 512 instructions at a time, of at most 15 bytes. */
const mostBlockBytes = 512 * 16;

/** Where the first block of disassembly begins in a text. */
export const firstDisassembly =
  /^IN:.{0,200}\r?\n(?:Priv: .{0,40}\r?\n)?0x[0-9a-f]{8,16}: {2}(?:[0-9a-f]{2,8} |\r?\nOBJD-T: [0-9a-f]{2})/m;

/** Whether a line may be one of disassembly. */
export const mayBeDisassembly = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at] === zero && bytes[at + 1] === 0x78) ||
  (bytes[at] === upperI && bytes[at + 1] === 0x4e && bytes[at + 2] === colon) ||
  isDump(bytes, at);

const isDump = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === upperO && bytes[at + 1] === 0x42 && bytes[at + 2] === 0x4a && bytes[at + 3] === 0x44;

export class DisassemblyReader {
  /** Blocks without a line of disassembly. */
  empty = 0;
  private readonly fields = new FieldReader();
  // The block that is being read.
  private inBlock = false;
  private address = -1n;
  private readonly bytes = new Uint8Array(mostBlockBytes);
  private length = 0;
  private lengths: number[] | null = [];
  /** All of the block's bytes stood one by one. */
  private bytewise = true;

  /**
   * @param take is given each block when its last line is known
   * @param target as far as it is known; what lines tell of it is added
   */
  constructor(
    private readonly take: (block: TranslatedBlock) => void,
    private readonly target: DisassembledTarget,
  ) {}

  /** Takes a line without its end, followed by a byte that is no digit; answers whether it is one of disassembly. */
  takeLine(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] === upperI && mayBeDisassembly(bytes, start)) {
      this.finish();
      this.inBlock = true;
      this.address = -1n;
      this.length = 0;
      this.lengths = [];
      this.bytewise = true;
      return true;
    }
    if (!this.inBlock) return false;
    if (end === start) this.finish();
    else if (bytes[start] === zero) this.takeInstruction(bytes, start, end);
    else if (isDump(bytes, start)) this.takeDump(bytes, start, end);
    else return false;
    return true;
  }

  /** The block that is being read is whole. */
  finish(): void {
    if (!this.inBlock) return;
    this.inBlock = false;
    if (this.length === 0) {
      this.empty++;
      return;
    }
    const { address, lengths, bytewise } = this;
    const ordered = bytewise || this.target.littleEndian;
    this.take({ address, bytes: this.bytes.slice(0, this.length), ordered, lengths });
  }

  private takeInstruction(line: Uint8Array, start: number, end: number): void {
    const { fields } = this;
    fields.set(line, start);
    if (!fields.hex() || !fields.text(":  ")) return;
    const address = (BigInt(fields.high >>> 0) << 32n) | BigInt(fields.low >>> 0);
    if (this.length === 0) this.address = address;
    else if (address !== this.address + BigInt(this.length)) return;
    const before = this.length;
    const at = this.takeBytes(line, fields.at, end);
    const taken = this.length - before;
    if (taken === 0 || this.lengths === null) return;
    const goesOn = at >= end && this.lengths.length > 0;
    if (goesOn) this.lengths[this.lengths.length - 1] += taken;
    else this.lengths.push(taken);
    if (!this.target.decided) this.target.take(Buffer.from(line.subarray(start, end)).toString("latin1"));
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
      if (digits > 2) this.bytewise = false;
      for (let shift = 0; shift < digits * 4; shift += 8) this.bytes[this.length++] = fields.low >>> shift;
      if (fields.at >= end) return end;
      fields.at++;
      if (line[fields.at] === space) {
        fields.spaces();
        return fields.at;
      }
    }
  }

  private takeDump(line: Uint8Array, start: number, end: number): void {
    const text = Buffer.from(line.subarray(start, end)).toString("latin1");
    const digits = /^OBJD-T: ((?:[0-9a-f]{2}){1,64})$/.exec(text)?.[1];
    if (digits === undefined || this.address < 0n || this.length + digits.length / 2 > mostBlockBytes) return;
    this.lengths = null;
    this.bytes.set(Buffer.from(digits, "hex"), this.length);
    this.length += digits.length / 2;
  }
}
