import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Bytes put together by hand, in either byte order. */
export class ByteWriter {
  private readonly parts: number[] = [];
  constructor(private readonly littleEndian = true) {}

  get length(): number {
    return this.parts.length;
  }

  number(value: bigint | number, bytes: number): this {
    const digits = Array.from({ length: bytes }, (_, index) => Number((BigInt(value) >> BigInt(8 * index)) & 0xffn));
    this.parts.push(...(this.littleEndian ? digits : digits.reverse()));
    return this;
  }

  u8(...values: number[]): this {
    for (const value of values) this.number(value, 1);
    return this;
  }

  uleb(value: number): this {
    do {
      this.u8((value % 128) | (value >= 128 ? 0x80 : 0));
      value = Math.floor(value / 128);
    } while (value > 0);
    return this;
  }

  sleb(value: number): this {
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      const last = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
      this.u8(low | (last ? 0 : 0x80));
      if (last) return this;
    }
  }

  string(text: string): this {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.parts.push(byte);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

export interface TestSection {
  name: string;
  type?: number;
  flags?: number;
  address?: bigint;
  content: Uint8Array;
  link?: number;
  info?: number;
  alignment?: number;
  entrySize?: number;
}

export interface TestSymbol {
  name: string;
  address: bigint;
  size?: number;
  /** STT_*; a function unless said otherwise. */
  type?: number;
  local?: boolean;
  /** Index of its section: 1 is .text. */
  section?: number;
}

export interface TestElf {
  is64?: boolean;
  littleEndian?: boolean;
  /** ET_*; an executable unless said otherwise. */
  type?: number;
  machine?: number;
  text?: { address: bigint; size: number };
  symbols?: readonly TestSymbol[];
  sections?: readonly TestSection[];
}

/** An ELF file with .text (section 1), .symtab, .strtab and more sections; no program headers. */
export function buildElf(options: TestElf): Uint8Array {
  const { is64 = true, littleEndian = true, type = 2, machine = 62, symbols = [] } = options;
  const text = options.text ?? { address: 0x1000n, size: 0x1000 };
  const word = is64 ? 8 : 4;
  const strings = new ByteWriter().u8(0);
  const table = new ByteWriter(littleEndian).bytes(new Uint8Array(is64 ? 24 : 16));
  for (const { name, address, size = 0, type = 2, local = false, section = 1 } of symbols) {
    table.number(strings.length, 4);
    strings.string(name);
    const info = ((local ? 0 : 1) << 4) | type;
    if (is64) table.u8(info, 0).number(section, 2).number(address, 8).number(size, 8);
    else table.number(address, 4).number(size, 4).u8(info, 0).number(section, 2);
  }
  const sections: TestSection[] = [
    { name: "", type: 0, content: new Uint8Array(0) },
    { name: ".text", flags: 6, address: text.address, content: new Uint8Array(text.size) },
    { name: ".symtab", type: 2, content: table.finish(), link: 3, entrySize: is64 ? 24 : 16 },
    { name: ".strtab", type: 3, content: strings.finish() },
    ...(options.sections ?? []),
  ];
  const names = new ByteWriter();
  const nameOffsets = [...sections.map(({ name }) => name), ".shstrtab"].map((name) => {
    const offset = names.length;
    names.string(name);
    return offset;
  });
  sections.push({ name: ".shstrtab", type: 3, content: names.finish() });

  const headerBytes = is64 ? 64 : 52;
  const body = new ByteWriter();
  const offsets = sections.map(({ content }) => {
    const offset = headerBytes + body.length;
    body.bytes(content);
    return offset;
  });
  const header = new ByteWriter(littleEndian)
    .u8(0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, littleEndian ? 1 : 2, 1)
    .bytes(new Uint8Array(9))
    .number(type, 2)
    .number(machine, 2)
    .number(1, 4)
    .number(0, word)
    .number(0, word)
    .number(headerBytes + body.length, word)
    .number(0, 4)
    .number(headerBytes, 2)
    .number(0, 2)
    .number(0, 2)
    .number(is64 ? 64 : 40, 2)
    .number(sections.length, 2)
    .number(sections.length - 1, 2);
  const headers = new ByteWriter(littleEndian);
  sections.forEach((section, index) => {
    const { type = 1, flags = 0, address = 0n, content } = section;
    const { link = 0, info = 0, alignment = 1, entrySize = 0 } = section;
    headers.number(nameOffsets[index], 4).number(type, 4).number(flags, word).number(address, word);
    headers.number(type === 0 ? 0 : offsets[index], word).number(content.length, word);
    headers.number(link, 4).number(info, 4).number(alignment, word).number(entrySize, word);
  });
  return Buffer.concat([header.finish(), body.finish(), headers.finish()]);
}

const folder = mkdtempSync(path.join(tmpdir(), "bootscope-symbols-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** Writes bytes to a new file of the system's folder for temporary files and answers its path. */
export function temporaryFile(bytes: Uint8Array): string {
  const file = path.join(folder, `${files++}.elf`);
  writeFileSync(file, bytes);
  return file;
}

/** The path of a file for `buildElf(options)`. */
export const writeElf = (options: TestElf) => temporaryFile(buildElf(options));
