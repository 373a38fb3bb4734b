import { BootscopeError } from "../../protocol/failure";
import { ByteCursor, utf8 } from "../cursor";
import { SectionType } from "./constants";

/** Where a table of fixed-size headers is in the file. */
export interface HeaderTable {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: number;
}

/** The ELF header, as far as symbolization needs it (gABI, "ELF Header"). */
export interface ElfHeader {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly segmentHeaders: HeaderTable;
  /** `count` 0 with an offset: the count is in section 0 (more than 65,279 sections). */
  readonly sectionHeaders: HeaderTable;
  readonly sectionNamesIndex: number;
}

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  /** The low 32 bits of sh_flags: all flags that are in use. */
  readonly flags: number;
  /** In a relocatable object what `layOutSections` gives it. */
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  /** Bytes of `size` that lie behind the end of the file. */
  readonly missing: number;
  readonly link: number;
  /** sh_info: of relocations, the section that they change. */
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly fileSize: number;
  readonly memorySize: bigint;
}

const maximumSections = 1 << 20;

/** Reads the ELF header from the first 64 bytes. Throws "no-symbols", "unsupported" or "damaged". */
export function parseHeader(path: string, bytes: Uint8Array, fileBytes: number): ElfHeader {
  if (bytes.length < 20 || bytes[0] !== 0x7f || utf8(bytes, 1, 4) !== "ELF") {
    throw new BootscopeError(
      "no-symbols",
      `${path} is not an ELF file.`,
      "Choose a vmlinux, or the kernel's bootable image (bzImage, Image).",
    );
  }
  const [elfClass, data] = bytes.subarray(4, 6);
  if (elfClass !== 1 && elfClass !== 2) throw unsupported(path, `ELF class ${elfClass}`);
  if (data !== 1 && data !== 2) throw unsupported(path, `ELF data encoding ${data}`);
  const is64 = elfClass === 2;
  const cursor = new ByteCursor(bytes, data === 1, "The ELF header", 16);
  const word = () => (is64 ? cursor.size64() : cursor.u32());
  const type = cursor.u16();
  const machine = cursor.u16();
  cursor.take(is64 ? 4 + 8 : 4 + 4);
  const segmentOffset = word();
  const sectionOffset = word();
  cursor.take(4 + 2);
  const segmentEntrySize = cursor.u16();
  const segmentCount = cursor.u16();
  const sectionEntrySize = cursor.u16();
  const sectionCount = cursor.u16();
  const header: ElfHeader = {
    is64,
    littleEndian: data === 1,
    type,
    machine,
    segmentHeaders: { offset: segmentOffset, count: segmentOffset && segmentCount, entrySize: segmentEntrySize },
    sectionHeaders: { offset: sectionOffset, count: sectionCount, entrySize: sectionEntrySize },
    sectionNamesIndex: cursor.u16(),
  };
  const minimum = { segment: is64 ? 56 : 32, section: is64 ? 64 : 40 };
  checkTable(path, "program headers", header.segmentHeaders, minimum.segment, fileBytes);
  checkTable(path, "section headers", header.sectionHeaders, minimum.section, fileBytes);
  return header;
}

/** Reads the program headers from the bytes of their table. */
export function parseSegments(header: ElfHeader, table: Uint8Array): ElfSegment[] {
  const { count, entrySize } = header.segmentHeaders;
  return Array.from({ length: count }, (_, index) => {
    const cursor = new ByteCursor(table, header.littleEndian, "The program header table", index * entrySize);
    const type = cursor.u32();
    const flagsOf64 = header.is64 ? cursor.u32() : 0;
    const word = () => (header.is64 ? cursor.u64() : BigInt(cursor.u32()));
    const offset = clampSize(word());
    const virtualAddress = word();
    const physicalAddress = word();
    const fileSize = clampSize(word());
    const memorySize = word();
    const flags = header.is64 ? flagsOf64 : cursor.u32();
    return { type, flags, offset, virtualAddress, physicalAddress, fileSize, memorySize };
  });
}

/** Reads the section headers and their names. A file without section headers (stripped of them) has no sections. */
export async function parseSections(
  path: string,
  header: ElfHeader,
  fileBytes: number,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<ElfSection[]> {
  const { offset, entrySize } = header.sectionHeaders;
  if (offset === 0) return [];
  const parse = (table: Uint8Array, index: number) => parseSection(header, table, index, entrySize, fileBytes);
  const first = parse(await read(offset, entrySize), 0);
  const count = header.sectionHeaders.count || first.size;
  const namesIndex = header.sectionNamesIndex === 0xffff ? first.link : header.sectionNamesIndex;
  if (count > maximumSections) throw damaged(path, `it says to have ${count} sections`);
  checkTable(path, "section headers", { offset, entrySize, count }, entrySize, fileBytes);
  const table = await read(offset, count * entrySize);
  const sections = Array.from({ length: count }, (_, index) => parse(table, index));
  const names = sections.at(namesIndex);
  if (names === undefined || names.type === SectionType.NoBits) return sections;
  const bytes = await read(names.offset, Math.min(names.size - names.missing, maximumNamesBytes));
  return sections.map((section) => ({ ...section, name: stringAt(bytes, section.nameOffset) }));
}

const maximumNamesBytes = 1 << 26;

function parseSection(header: ElfHeader, table: Uint8Array, index: number, entrySize: number, fileBytes: number) {
  const cursor = new ByteCursor(table, header.littleEndian, "The section header table", index * entrySize);
  const word = () => (header.is64 ? cursor.u64() : BigInt(cursor.u32()));
  const nameOffset = cursor.u32();
  const type = cursor.u32();
  const flags = Number(word() & 0xffffffffn);
  const address = word();
  const offset = clampSize(word());
  const size = clampSize(word());
  const link = cursor.u32();
  const info = cursor.u32();
  const alignment = clampSize(word());
  const inFile = type === SectionType.NoBits ? 0 : size;
  const missing = Math.max(0, Math.min(inFile, offset + inFile - fileBytes));
  return {
    index,
    name: "",
    nameOffset,
    type,
    flags,
    address,
    offset,
    size,
    missing,
    link,
    info,
    alignment,
    entrySize: clampSize(word()),
  };
}

/** Longer than any symbol of a kernel (KSYM_NAME_LEN is 512) or any of its paths. */
const maximumString = 1024;

/**
 * The NUL-terminated string at an offset of a string table; empty outside of it, cut at the table's end and at 1,024 bytes, so
 * that a hostile table of overlapping strings cannot fill the memory.
 */
export function stringAt(table: Uint8Array, offset: number): string {
  const window = table.subarray(offset, offset + maximumString);
  const end = window.indexOf(0);
  return utf8(window, 0, end < 0 ? window.length : end);
}

/** A 64-bit size as a double; what cannot be in a file becomes the largest exact one, so that comparisons stay right. */
function clampSize(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function checkTable(path: string, what: string, table: HeaderTable, minimumEntry: number, fileBytes: number): void {
  if (table.offset === 0 || table.count === 0) return;
  if (table.entrySize < minimumEntry) throw damaged(path, `its ${what} are ${table.entrySize} bytes each`);
  const end = table.offset + table.count * table.entrySize;
  if (end > fileBytes) {
    throw damaged(
      path,
      `its ${what} are at offset 0x${table.offset.toString(16)}, but it ends after ${fileBytes} bytes`,
    );
  }
}

const damaged = (path: string, what: string) =>
  new BootscopeError("damaged", `${path} is damaged: ${what}.`, "Copy or build it again.");

const unsupported = (path: string, what: string) =>
  new BootscopeError("unsupported", `${path} cannot be read: ${what} is not known.`, "Choose another vmlinux.");
