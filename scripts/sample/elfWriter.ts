/** Writes an x86_64 ELF executable that holds names and lines but no code (gABI, "ELF-64 Object File Format"). */

export interface CodeSection {
  readonly name: string;
  readonly address: bigint;
  readonly size: bigint;
}

export interface Segment {
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly memorySize: bigint;
  readonly executable: boolean;
}

export interface FunctionSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly size: number;
}

export interface ReducedImage {
  /** Lower-case hex. */
  readonly buildId: string;
  readonly segments: readonly Segment[];
  readonly code: readonly CodeSection[];
  readonly functions: readonly FunctionSymbol[];
  /** The section .debug_line. */
  readonly lines: Uint8Array;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address?: bigint;
  readonly bytes?: Uint8Array;
  /** Of a section without bytes in the file. */
  readonly size?: bigint;
  readonly link?: number;
  readonly info?: number;
  readonly entrySize?: number;
}

const sectionType = { programBits: 1, symbols: 2, strings: 3, note: 7, noBits: 8 };
const allocated = 2;
const executable = 4;
const headerBytes = 64;
const segmentBytes = 56;
const sectionBytes = 64;
const symbolBytes = 24;

/** NUL-terminated strings after an empty one; `at` answers where each begins. */
class StringTable {
  private readonly parts = ["\0"];
  private length = 1;

  at(text: string): number {
    const offset = this.length;
    this.parts.push(text, "\0");
    this.length += Buffer.byteLength(text) + 1;
    return offset;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.parts.join(""), "utf8");
  }
}

function buildIdNote(buildId: string): Uint8Array {
  const id = Buffer.from(buildId, "hex");
  const head = Buffer.alloc(16);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(id.length, 4);
  head.writeUInt32LE(3, 8); // NT_GNU_BUILD_ID
  head.write("GNU\0", 12, "latin1");
  return Buffer.concat([head, id]);
}

/** Symbol table and its strings; `sectionOf` numbers the section an address lies in. */
function symbolTable(
  functions: readonly FunctionSymbol[],
  sectionOf: (address: bigint) => number,
): [Uint8Array, Uint8Array] {
  const strings = new StringTable();
  const table = Buffer.alloc(symbolBytes * (functions.length + 1));
  functions.forEach(({ name, address, size }, index) => {
    const at = symbolBytes * (index + 1);
    table.writeUInt32LE(strings.at(name), at);
    table.writeUInt8(0x12, at + 4); // STB_GLOBAL, STT_FUNC
    table.writeUInt16LE(sectionOf(address), at + 6);
    table.writeBigUInt64LE(address, at + 8);
    table.writeBigUInt64LE(BigInt(size), at + 16);
  });
  return [table, strings.bytes];
}

function segmentHeaders(segments: readonly Segment[]): Uint8Array {
  const table = Buffer.alloc(segmentBytes * segments.length);
  segments.forEach((segment, index) => {
    const at = segmentBytes * index;
    table.writeUInt32LE(1, at); // PT_LOAD
    table.writeUInt32LE(segment.executable ? 5 : 4, at + 4);
    table.writeBigUInt64LE(segment.virtualAddress, at + 16);
    table.writeBigUInt64LE(segment.physicalAddress, at + 24);
    table.writeBigUInt64LE(0n, at + 32);
    table.writeBigUInt64LE(segment.memorySize, at + 40);
  });
  return table;
}

function elfHeader(segments: number, sections: number, sectionTable: number, names: number): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(headerBytes), 32);
  header.writeBigUInt64LE(BigInt(sectionTable), 40);
  header.writeUInt16LE(headerBytes, 52);
  header.writeUInt16LE(segmentBytes, 54);
  header.writeUInt16LE(segments, 56);
  header.writeUInt16LE(sectionBytes, 58);
  header.writeUInt16LE(sections, 60);
  header.writeUInt16LE(names, 62);
  return header;
}

/** The bytes of the ELF file. */
export function formatReducedImage({ buildId, segments, code, functions, lines }: ReducedImage): Uint8Array {
  const sectionOf = (address: bigint): number =>
    1 + code.findIndex((section) => address >= section.address && address < section.address + section.size);
  const [symbols, strings] = symbolTable(functions, sectionOf);
  const stringsIndex = 1 + code.length + 2;
  const sections: Section[] = [
    { name: "", type: 0, flags: 0 },
    ...code.map((section) => ({ ...section, type: sectionType.noBits, flags: allocated | executable })),
    { name: ".note.gnu.build-id", type: sectionType.note, flags: 0, bytes: buildIdNote(buildId) },
    {
      name: ".symtab",
      type: sectionType.symbols,
      flags: 0,
      bytes: symbols,
      link: stringsIndex,
      info: 1,
      entrySize: symbolBytes,
    },
    { name: ".strtab", type: sectionType.strings, flags: 0, bytes: strings },
    { name: ".debug_line", type: sectionType.programBits, flags: 0, bytes: lines },
  ];
  const names = new StringTable();
  const nameOffsets = [...sections, { name: ".shstrtab" }].map(({ name }) => (name === "" ? 0 : names.at(name)));
  sections.push({ name: ".shstrtab", type: sectionType.strings, flags: 0, bytes: names.bytes });

  const bodies: Uint8Array[] = [];
  let position = headerBytes + segmentBytes * segments.length;
  const table = Buffer.alloc(sectionBytes * sections.length);
  sections.forEach((section, index) => {
    const padding = (8 - (position % 8)) % 8;
    bodies.push(new Uint8Array(padding));
    position += padding;
    const at = sectionBytes * index;
    table.writeUInt32LE(nameOffsets[index], at);
    table.writeUInt32LE(section.type, at + 4);
    table.writeBigUInt64LE(BigInt(section.flags), at + 8);
    table.writeBigUInt64LE(section.address ?? 0n, at + 16);
    table.writeBigUInt64LE(BigInt(section.type === 0 ? 0 : position), at + 24);
    table.writeBigUInt64LE(section.size ?? BigInt(section.bytes?.length ?? 0), at + 32);
    table.writeUInt32LE(section.link ?? 0, at + 40);
    table.writeUInt32LE(section.info ?? 0, at + 44);
    table.writeBigUInt64LE(1n, at + 48);
    table.writeBigUInt64LE(BigInt(section.entrySize ?? 0), at + 56);
    if (section.bytes !== undefined) {
      bodies.push(section.bytes);
      position += section.bytes.length;
    }
  });
  const header = elfHeader(segments.length, sections.length, position, sections.length - 1);
  return Buffer.concat([header, segmentHeaders(segments), ...bodies, table]);
}
