import { BootscopeError } from "../../protocol/failure";
import { SectionIndex, SectionType, SymbolType } from "./constants";
import type { ElfFile } from "./elfFile";
import { stringAt, type ElfSection } from "./headers";

/** The symbols of an ELF file as columns, in the order of the file (gABI, "Symbol Table"). */
export interface SymbolColumns {
  readonly count: number;
  readonly value: BigUint64Array;
  /** Bytes; sizes above 2^53 are cut to it. */
  readonly size: Float64Array;
  readonly type: Uint8Array;
  readonly binding: Uint8Array;
  /** Index of the section that holds the symbol; 0 for undefined, absolute and other special ones. */
  readonly section: Uint32Array;
  /**
   * Which STT_FILE symbol precedes a local symbol, counted from 1; 0 for none. Local symbols of one number come from one
   * translation unit.
   */
  readonly translationUnit: Uint32Array;
  name(index: number): string;
}

/**
 * Reads .symtab, else .dynsym; null when the file has neither. A table that the end of the file cuts gives its whole entries.
 * Rejects with BootscopeError "damaged" when its entries or its string table make no sense.
 */
export async function readSymbols(file: ElfFile): Promise<SymbolColumns | null> {
  const section = file.section(".symtab") ?? file.section(".dynsym");
  if (section === undefined) return null;
  const { is64, littleEndian } = file.header;
  const entryBytes = is64 ? 24 : 16;
  if (section.entrySize !== entryBytes) throw damaged(section, `has entries of ${section.entrySize} bytes`);
  const names = file.sections.at(section.link);
  if (names?.type !== SectionType.StringTable) throw damaged(section, "has no string table");

  const [table, strings, extendedIndexes] = await Promise.all([
    file.readSection(section),
    file.readSection(names),
    readExtendedIndexes(file, section),
  ]);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const count = Math.floor(table.length / entryBytes);
  const columns = {
    count,
    value: new BigUint64Array(count),
    size: new Float64Array(count),
    type: new Uint8Array(count),
    binding: new Uint8Array(count),
    section: new Uint32Array(count),
    translationUnit: new Uint32Array(count),
  };
  const nameOffset = new Uint32Array(count);
  let translationUnit = 0;
  for (let index = 0; index < count; index++) {
    const at = index * entryBytes;
    nameOffset[index] = view.getUint32(at, littleEndian);
    const info = view.getUint8(at + (is64 ? 4 : 12));
    const sectionIndex = view.getUint16(at + (is64 ? 6 : 14), littleEndian);
    columns.value[index] = is64
      ? view.getBigUint64(at + 8, littleEndian)
      : BigInt(view.getUint32(at + 4, littleEndian));
    columns.size[index] = is64 ? size64(view, at + 16, littleEndian) : view.getUint32(at + 8, littleEndian);
    columns.type[index] = info & 0xf;
    columns.binding[index] = info >> 4;
    if (sectionIndex < SectionIndex.ReservedLow) columns.section[index] = sectionIndex;
    else if (sectionIndex === SectionIndex.Extended) columns.section[index] = extendedIndexes(index);
    if (columns.type[index] === SymbolType.File) translationUnit++;
    columns.translationUnit[index] = translationUnit;
  }
  return { ...columns, name: (index) => stringAt(strings, nameOffset[index]) };
}

/** Section indexes that do not fit in sixteen bits: SHT_SYMTAB_SHNDX, which names its symbol table in sh_link. */
async function readExtendedIndexes(file: ElfFile, symbols: ElfSection): Promise<(symbol: number) => number> {
  const isIndexTable = ({ type, link }: ElfSection) => type === SectionType.SymbolTableIndex && link === symbols.index;
  const section = file.sections.find(isIndexTable);
  if (section === undefined) return () => 0;
  const bytes = await file.readSection(section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (symbol) => (symbol * 4 + 4 <= bytes.length ? view.getUint32(symbol * 4, file.header.littleEndian) : 0);
}

function size64(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian);
  return Math.min(high * 2 ** 32 + low, Number.MAX_SAFE_INTEGER);
}

function damaged(section: ElfSection, what: string): BootscopeError {
  const offset = `0x${section.offset.toString(16)}`;
  return new BootscopeError("damaged", `Section ${section.name} (file offset ${offset}) ${what}.`);
}
