/**
 * Finds out whether the words of a disassembly are little-endian: `-d in_asm` prints them as numbers and does not name the
 * target. Two targets are told, by what only their instructions have:
 *
 *   riscv    the lower two bits of a word are ones exactly where it has four bytes (RISC-V unprivileged specification, 1.5)
 *   aarch64  `b` and `bl` hold the distance to the address that stands behind them (Arm ARM, C6.2.26 and C6.2.35), and their
 *            instructions are little-endian whatever data is
 */
const instruction = /^0x([0-9a-f]{8,16}): {2}([0-9a-f]{8}|[0-9a-f]{4}) +(.{0,80})/;
const branch = /^(bl?) +#(?:0x([0-9a-f]{1,16})|[+-]0x[0-9a-f]+ \(addr 0x([0-9a-f]{1,16})\))$/;
/** By chance, a quarter of all words fit riscv. */
const enoughWords = 24;
const enoughBranches = 2;
const searchedLines = 4000;

export class WordOrder {
  private words = 0;
  private branches = 0;
  private riscv = true;
  private aarch64 = true;

  /** What the beginning of a log tells. */
  static of(text: string): WordOrder {
    const order = new WordOrder();
    for (let at = text.indexOf("IN:"), lines = 0; at >= 0 && at < text.length && lines < searchedLines; lines++) {
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      order.take(text.slice(at, end).trimEnd());
      if (order.decided) break;
      at = end + 1;
    }
    return order;
  }

  /** It is known, or will never be. */
  get decided(): boolean {
    return this.littleEndian || (!this.riscv && !this.aarch64);
  }

  get littleEndian(): boolean {
    return (this.riscv && this.words >= enoughWords) || (this.aarch64 && this.branches >= enoughBranches);
  }

  /** Takes a line of disassembly, or any other. */
  take(line: string): void {
    const found = instruction.exec(line);
    if (found === null) return;
    const [, address, digits, text] = found;
    const word = parseInt(digits, 16);
    this.words++;
    if (((word & 3) === 3) !== (digits.length === 8)) this.riscv = false;
    if (digits.length !== 8) this.aarch64 = false;
    const target = branch.exec(text.trimEnd());
    if (target === null || !this.aarch64) return;
    const [, name, plain, behind] = target as (string | undefined)[];
    // Six bits of code, then the distance in words.
    const distance = BigInt.asIntN(26, BigInt(word)) * 4n;
    const isBranch = word >>> 26 === (name === "bl" ? 0b100101 : 0b000101);
    const reached = BigInt.asUintN(64, BigInt(`0x${address}`) + distance);
    if (isBranch && reached === BigInt(`0x${plain ?? behind ?? ""}`)) this.branches++;
    else this.aarch64 = false;
  }
}
