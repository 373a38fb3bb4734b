import { BootscopeError } from "../../protocol/failure";
import { SectionIndex, SectionType, SymbolType } from "./constants";
import type { ElfContent } from "./elfContent";
import { stringAt, type ElfSection } from "./headers";

/** The symbols of an ELF file as columns, in the order of the file (gABI, "Symbol Table"). */
export interface SymbolColumns {
  readonly count: number;
  /** In a relocatable object an address too, by the addresses of its sections. */
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
  /** The symbols of this exact name, in the order of the file. */
  named(name: string): number[];
}

/**
 * Reads .symtab, else .dynsym; null when the file has neither. A table that the end of the file cuts gives its whole entries.
 * Rejects with BootscopeError "damaged" when its entries or its string table make no sense.
 */
export async function readSymbols(file: ElfContent): Promise<SymbolColumns | null> {
  const section = tableOf(file);
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
    if (file.isRelocatable) columns.value[index] += file.sections.at(columns.section[index])?.address ?? 0n;
  }
  return {
    ...columns,
    name: (index) => stringAt(strings, nameOffset[index]),
    named: (name) => findNamed(nameOffset, strings, name),
  };
}

const tableOf = (file: ElfContent): ElfSection | undefined => file.section(".symtab") ?? file.section(".dynsym");

/** That the end of the file cuts its symbol table or the names in it, in one sentence; null: it does not. */
export function cutSymbols(file: ElfContent): string | null {
  const section = tableOf(file);
  const cut = [section, section && file.sections.at(section.link)].find((part) => (part?.missing ?? 0) > 0);
  if (cut === undefined) return null;
  return `The file ends before its section ${cut.name} does: ${cut.missing} of ${cut.size} bytes are missing.`;
}

/** One search in the string table and one in the name column: a map of all names would cost more than all questions asked. */
function findNamed(nameOffset: Uint32Array, strings: Uint8Array, name: string): number[] {
  const text = Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength);
  const needle = Buffer.from(`${name}\0`);
  // Linkers let a name share the end of a longer one: each occurrence may be the one that symbols refer to.
  const offsets = new Set<number>();
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) offsets.add(at);
  const found: number[] = [];
  if (offsets.size === 0) return found;
  nameOffset.forEach((offset, index) => {
    if (offsets.has(offset)) found.push(index);
  });
  return found;
}

/** Section indexes that do not fit in sixteen bits: SHT_SYMTAB_SHNDX, which names its symbol table in sh_link. */
async function readExtendedIndexes(file: ElfContent, symbols: ElfSection): Promise<(symbol: number) => number> {
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
