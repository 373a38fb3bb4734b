/** Writes a line number program (DWARF 4, 6.2) from line rows. */

/** Lines of one function: `rows` ascend by address, and `end` is behind the last byte. */
export interface LineSequence {
  readonly rows: readonly { readonly address: bigint; readonly file: number; readonly line: number }[];
  readonly end: bigint;
}

const lineBase = -5;
const lineRange = 14;
const opcodeBase = 13;
/** Operands of the standard opcodes 1 to 12. */
const standardOpcodeLengths = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
const opcode = { copy: 1, advancePc: 2, advanceLine: 3, setFile: 4 };
const extended = { endSequence: 1, setAddress: 2 };

class Bytes {
  private readonly bytes: number[] = [];

  u8(...values: readonly number[]): void {
    for (const value of values) this.bytes.push(value & 0xff);
  }

  u16(value: number): void {
    this.u8(value, value >>> 8);
  }

  u32(value: number): void {
    this.u8(value, value >>> 8, value >>> 16, value >>> 24);
  }

  u64(value: bigint): void {
    for (let shift = 0n; shift < 64n; shift += 8n) this.u8(Number((value >> shift) & 0xffn));
  }

  unsigned(value: number): void {
    for (; value >= 0x80; value = Math.floor(value / 128)) this.u8(value | 0x80);
    this.u8(value);
  }

  signed(value: number): void {
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      const last = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
      this.u8(last ? low : low | 0x80);
      if (last) return;
    }
  }

  text(value: string): void {
    this.bytes.push(...Buffer.from(value, "utf8"), 0);
  }

  get length(): number {
    return this.bytes.length;
  }

  toArray(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** The section .debug_line with one unit: `files` are whole paths, and rows name them by their position there. */
export function formatLineProgram(files: readonly string[], sequences: readonly LineSequence[]): Uint8Array {
  const tables = new Bytes();
  tables.u8(1, 1, 1, lineBase, lineRange, opcodeBase, ...standardOpcodeLengths);
  tables.u8(0); // no include directories
  for (const file of files) {
    tables.text(file);
    tables.u8(0, 0, 0); // directory, time of change, length: none
  }
  tables.u8(0);
  const program = new Bytes();
  for (const sequence of sequences) writeSequence(program, sequence);
  const unit = new Bytes();
  const afterLength = 2 + 4 + tables.length + program.length;
  unit.u32(afterLength);
  unit.u16(4);
  unit.u32(tables.length);
  return Buffer.concat([unit.toArray(), tables.toArray(), program.toArray()]);
}

function writeSequence(program: Bytes, { rows, end }: LineSequence): void {
  if (rows.length === 0) return;
  program.u8(0, 9, extended.setAddress);
  program.u64(rows[0].address);
  let address = rows[0].address;
  let file = 1;
  let line = 1;
  for (const row of rows) {
    if (row.file + 1 !== file) {
      file = row.file + 1;
      program.u8(opcode.setFile);
      program.unsigned(file);
    }
    writeRow(program, Number(row.address - address), row.line - line);
    address = row.address;
    line = row.line;
  }
  program.u8(opcode.advancePc);
  program.unsigned(Number(end - address));
  program.u8(0, 1, extended.endSequence);
}

/** A special opcode where one reaches, else the three standard ones. */
function writeRow(program: Bytes, advance: number, lines: number): void {
  const special = lines - lineBase + lineRange * advance + opcodeBase;
  if (lines >= lineBase && lines < lineBase + lineRange && special <= 255) {
    program.u8(special);
    return;
  }
  program.u8(opcode.advancePc);
  program.unsigned(advance);
  program.u8(opcode.advanceLine);
  program.signed(lines);
  program.u8(opcode.copy);
}
