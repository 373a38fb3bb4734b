/**
 * Finds out which target a disassembly is of: `-d in_asm` does not name it. Told is each by what only its instructions have:
 *
 *   x86      bytes one by one, and registers with a percent sign; x86_64 where one of 64 bits is named
 *   riscv    the lower two bits of a word are ones exactly where it has four bytes (RISC-V unprivileged specification, 1.5);
 *            riscv64 where an address has more than 32 bits, or an instruction is one of RV64I
 *   aarch64  `b` and `bl` hold the distance to the address that stands behind them (Arm ARM, C6.2.26 and C6.2.35)
 *   arm      as aarch64, counted from two instructions ahead, in A32 and T32 (Arm ARM, F5.1.18 and F5.1.25)
 *
 * Words are printed as numbers. Instructions of riscv, aarch64 and arm (from Armv6 on) are little-endian whatever data is.
 */
const instruction = /^0x([0-9a-f]{8,16}): {2}([0-9a-f]{8}|[0-9a-f]{4}) +(.{0,80})/;
const byteInstruction = /^0x[0-9a-f]{8,16}: {2}(?:[0-9a-f]{2} )+ *([a-z].{0,80})/;
const x86Register = /%[er]?(?:[abcd]x|[sd]i|[sb]p)\b|%[abcd][hl]\b|%[cdefgs]s\b/;
const wideRegister = /%r(?:[abcd]x|[sd]i|[sbi]p|\d)/;
const branch = /^(b|bl)([a-z]{2})? +#(?:0x([0-9a-f]{1,16})|[+-]0x[0-9a-f]+ \(addr 0x([0-9a-f]{1,16})\))$/;
const rv64Only = /^(?:ld|sd|lwu|addiw|addw|subw|sext\.w|s(?:ll|rl|ra)i?w) /;
/** By chance, a quarter of all words fit riscv. */
const enoughWords = 24;
const enoughBranches = 2;
const searchedLines = 4000;

type Family = "x86" | "riscv" | "aarch64" | "arm";

export class DisassembledTarget {
  private words = 0;
  private readonly branches = { aarch64: 0, arm: 0 };
  private readonly possible = { riscv: true, aarch64: true, arm: true };
  private isX86 = false;
  /** Something that only the 64-bit target of the family has. */
  private isWide = false;

  /** What the beginning of a log tells. */
  static of(text: string): DisassembledTarget {
    const target = new DisassembledTarget();
    for (let at = text.indexOf("IN:"), lines = 0; at >= 0 && at < text.length && lines < searchedLines; lines++) {
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      target.take(text.slice(at, end).trimEnd());
      if (target.decided) break;
      at = end + 1;
    }
    return target;
  }

  /** It is known, or will never be. */
  get decided(): boolean {
    const { family } = this;
    if (family === "x86" || family === "riscv") return this.isWide;
    return family !== null || !(this.possible.riscv || this.possible.aarch64 || this.possible.arm);
  }

  /** QEMU's name of it; undefined: nothing tells. */
  get name(): string | undefined {
    switch (this.family) {
      case "x86":
        return this.isWide ? "x86_64" : "i386";
      case "riscv":
        return this.isWide ? "riscv64" : "riscv32";
      case "aarch64":
      case "arm":
        return this.family;
      case null:
        return undefined;
    }
  }

  /** Words that are printed as numbers are little-endian in memory. */
  get littleEndian(): boolean {
    return this.family !== null && this.family !== "x86";
  }

  /** Takes a line of disassembly, or any other. */
  take(line: string): void {
    const found = instruction.exec(line);
    if (found === null) {
      const text = this.words > 0 ? undefined : byteInstruction.exec(line)?.[1];
      if (text !== undefined) this.takeBytewise(text);
      return;
    }
    const [, address, digits, text] = found;
    this.words++;
    this.takeWord(parseInt(digits, 16), digits.length / 2, text);
    if (address.length > 8 && /[1-9a-f]/.test(address.slice(0, -8))) this.isWide = true;
    const target = branch.exec(text.trimEnd());
    if (target !== null) this.takeBranch(BigInt(`0x${address}`), digits, target);
  }

  private get family(): Family | null {
    if (this.isX86) return "x86";
    if (this.possible.aarch64 && this.branches.aarch64 >= enoughBranches) return "aarch64";
    if (this.possible.arm && this.branches.arm >= enoughBranches) return "arm";
    return this.possible.riscv && this.words >= enoughWords ? "riscv" : null;
  }

  private takeBytewise(text: string): void {
    if (!this.isX86) this.isX86 = x86Register.test(text);
    if (this.isX86 && !this.isWide) this.isWide = wideRegister.test(text);
  }

  private takeWord(word: number, bytes: number, text: string): void {
    const { possible } = this;
    if (((word & 3) === 3) !== (bytes === 4)) possible.riscv = false;
    else if (possible.riscv && rv64Only.test(text)) this.isWide = true;
    if (bytes !== 4) possible.aarch64 = false;
  }

  /** A jump to an address that is named: the two families say differently how far it is. */
  private takeBranch(address: bigint, digits: string, found: RegExpExecArray): void {
    const [, name, condition, plain, behind] = found as (string | undefined)[];
    const target = BigInt(`0x${plain ?? behind ?? ""}`);
    const word = parseInt(digits, 16);
    const isLink = name === "bl";
    const a64 = digits.length === 8 && condition === undefined ? a64Target(address, word, isLink) : null;
    if (a64 === target) this.branches.aarch64++;
    else if (condition === undefined) this.possible.aarch64 = false;
    // The other half of a T32 instruction of four bytes is not in `digits`.
    const a32 = digits.length === 8 ? a32Target(address, word, isLink) : t32Target(address, word);
    if (a32 === target) this.branches.arm++;
    else if (a32 !== null || digits.length === 8) this.possible.arm = false;
  }
}

/** Six bits of code, then the distance in words. */
function a64Target(address: bigint, word: number, isLink: boolean): bigint | null {
  if (word >>> 26 !== (isLink ? 0b100101 : 0b000101)) return null;
  return BigInt.asUintN(64, address + BigInt.asIntN(26, BigInt(word)) * 4n);
}

/** Four bits of condition, four of code, then the distance in words. */
function a32Target(address: bigint, word: number, isLink: boolean): bigint | null {
  if (((word >>> 24) & 0b1111) !== (isLink ? 0b1011 : 0b1010)) return null;
  return BigInt.asUintN(32, address + 8n + BigInt.asIntN(24, BigInt(word)) * 4n);
}

/** `b` of two bytes, with a condition or without. */
function t32Target(address: bigint, half: number): bigint | null {
  const distance =
    half >>> 11 === 0b11100
      ? BigInt.asIntN(11, BigInt(half))
      : half >>> 12 === 0b1101
        ? BigInt.asIntN(8, BigInt(half))
        : null;
  return distance === null ? null : BigInt.asUintN(32, address + 4n + distance * 2n);
}
