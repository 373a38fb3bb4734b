import { BootscopeError } from "../../protocol/failure";
import { SectionType } from "./constants";
import type { ElfContent } from "./elfContent";
import type { ElfHeader, ElfSection } from "./headers";
import { narrowMachines, relocationKinds, type RelocationKind } from "./relocationTypes";
import { readSymbols, type SymbolColumns } from "./symbolTable";

/**
 * Where code is that has no place: the address of an undefined symbol. Not all ones, which .debug_ranges has another use for
 * (DWARF 4, 2.17.3).
 */
const nowhere = -2;

/**
 * The relocations of a relocatable object (.o, .ko), without which its debug information is mostly zeros (gABI, "Relocation").
 * They count with the addresses of `layOutSections`.
 */
export class Relocations {
  private symbolValues: Promise<Float64Array> | null = null;

  constructor(private readonly file: ElfContent) {}

  /**
   * Applies to the content of a section what its SHT_RELA and SHT_REL sections say. A relocation outside of a cut section is left out.
   * Rejects with BootscopeError "unsupported" (machine or relocation not known) or "damaged" (a symbol that is not there).
   */
  async apply(section: ElfSection, content: Uint8Array): Promise<void> {
    for (const table of this.file.sections) {
      const isRelocation = table.type === SectionType.Rela || table.type === SectionType.Rel;
      if (!isRelocation || table.info !== section.index || table.index === section.index) continue;
      this.symbolValues ??= readValues(this.file);
      const entries = await this.file.readSection(table);
      this.applyTable(table, entries, content, await this.symbolValues);
    }
  }

  private applyTable(table: ElfSection, entries: Uint8Array, content: Uint8Array, values: Float64Array): void {
    const { header } = this.file;
    const isKnown = header.is64 !== narrowMachines.has(header.machine);
    const kinds = isKnown ? relocationKinds.get(header.machine) : undefined;
    if (kinds === undefined) {
      throw new BootscopeError("unsupported", `The relocations of ${this.file.path} are not known.`, linkedAdvice);
    }
    const places = new Places(content, header.littleEndian);
    for (const { place, symbol, type, addend } of relocationEntries(header, table, entries)) {
      const kind = kinds.get(type);
      if (kind === undefined) {
        throw new BootscopeError("unsupported", `Relocation ${type} in ${table.name} is not known.`, linkedAdvice);
      }
      if (kind === null) continue;
      if (symbol >= values.length) {
        throw new BootscopeError("damaged", `${table.name} is damaged: there is no symbol ${symbol}.`);
      }
      const isNowhere = Number.isNaN(values[symbol]);
      places.change(place, kind, isNowhere ? nowhere : values[symbol] + (addend ?? places.addend(place, kind)));
    }
  }
}

const linkedAdvice = "Lines come from the linked image, or from an object for x86_64, i386, aarch64, arm or riscv64.";

interface RelocationEntry {
  readonly place: number;
  readonly symbol: number;
  readonly type: number;
  /** Null: it stands at the place (SHT_REL). */
  readonly addend: number | null;
}

/** The entries of a table: Elf64_Rela, Elf64_Rel, Elf32_Rela or Elf32_Rel. */
function* relocationEntries(
  { is64, littleEndian }: ElfHeader,
  { type: tableType }: ElfSection,
  entries: Uint8Array,
): Generator<RelocationEntry> {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  const word = is64 ? 8 : 4;
  const hasAddend = tableType === SectionType.Rela;
  const entryBytes = (hasAddend ? 3 : 2) * word;
  for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
    if (is64) {
      const info = { low: at + (littleEndian ? 8 : 12), high: at + (littleEndian ? 12 : 8) };
      yield {
        place: signed64(view, at, littleEndian),
        symbol: view.getUint32(info.high, littleEndian),
        type: view.getUint32(info.low, littleEndian),
        addend: hasAddend ? signed64(view, at + 16, littleEndian) : null,
      };
    } else {
      const info = view.getUint32(at + 4, littleEndian);
      const addend = hasAddend ? view.getInt32(at + 8, littleEndian) : null;
      yield { place: view.getUint32(at, littleEndian), symbol: info >>> 8, type: info & 0xff, addend };
    }
  }
}

/** The values of all symbols; NaN for undefined ones. Addresses in an object are small: doubles hold them exactly. */
async function readValues(file: ElfContent): Promise<Float64Array> {
  const symbols: SymbolColumns | null = await readSymbols(file);
  if (symbols === null) return new Float64Array(1);
  const isUndefined = (index: number) => index > 0 && symbols.section[index] === 0 && symbols.value[index] === 0n;
  return Float64Array.from(symbols.value, (value, index) => (isUndefined(index) ? Number.NaN : Number(value)));
}

/** A signed 64-bit number; offsets and addends of real objects are far below 2^53. */
function signed64(view: DataView, at: number, littleEndian: boolean): number {
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian);
  return view.getInt32(littleEndian ? at + 4 : at, littleEndian) * 2 ** 32 + low;
}

/** The places in a section's content that relocations change. */
class Places {
  private readonly view: DataView;

  constructor(
    private readonly content: Uint8Array,
    private readonly littleEndian: boolean,
  ) {
    this.view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  }

  /** Puts a value at a place as a kind of relocation wants; nothing when the place is not in the content. */
  change(place: number, { operation, width }: RelocationKind, value: number): void {
    const bytes = width === "uleb" ? this.ulebBytes(place) : width;
    if (place < 0 || bytes === 0 || place + bytes > this.content.length) return;
    switch (operation) {
      case "set":
        this.write(place, bytes, width, value);
        break;
      case "relative":
        this.write(place, bytes, width, value - place);
        break;
      case "add":
        this.write(place, bytes, width, this.read(place, bytes, width) + value);
        break;
      case "subtract":
        this.write(place, bytes, width, this.read(place, bytes, width) - value);
    }
  }

  /** What stands at a place before it is changed, as a signed number: 0 where that is not in the content. */
  addend(place: number, { operation, width }: RelocationKind): number {
    if (width === "uleb" || operation === "add" || operation === "subtract") return 0;
    if (place < 0 || place + width > this.content.length) return 0;
    const value = this.read(place, width, width);
    return width < 8 && value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value;
  }

  /** Length of the LEB128 number at a place; 0 for none. */
  private ulebBytes(place: number): number {
    const end = Math.min(place + 10, this.content.length);
    for (let at = Math.max(place, 0); at < end; at++) if (this.content[at] < 0x80) return at - place + 1;
    return 0;
  }

  private read(place: number, bytes: number, width: RelocationKind["width"]): number {
    const { view, content, littleEndian } = this;
    if (width === 8) return signed64(view, place, littleEndian);
    if (width === 4) return view.getUint32(place, littleEndian);
    if (width === 2) return view.getUint16(place, littleEndian);
    if (width === 1) return content[place];
    let value = 0;
    for (let index = bytes - 1; index >= 0; index--) value = value * 128 + (content[place + index] & 0x7f);
    return value;
  }

  private write(place: number, bytes: number, width: RelocationKind["width"], value: number): void {
    const { view, littleEndian } = this;
    if (width === 8) {
      view.setUint32(littleEndian ? place : place + 4, value, littleEndian);
      view.setInt32(littleEndian ? place + 4 : place, Math.floor(value / 2 ** 32), littleEndian);
    } else if (width === 4) view.setUint32(place, value, littleEndian);
    else if (width === 2) view.setUint16(place, value, littleEndian);
    else if (width === 1) view.setUint8(place, value);
    else this.writeUleb(place, bytes, value);
  }

  private writeUleb(place: number, bytes: number, value: number): void {
    let rest = Math.max(value, 0);
    for (let index = 0; index < bytes; index++) {
      this.content[place + index] = (rest % 128) | (index < bytes - 1 ? 0x80 : 0);
      rest = Math.floor(rest / 128);
    }
  }
}
