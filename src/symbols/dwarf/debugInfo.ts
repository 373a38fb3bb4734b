import { ByteCursor } from "../cursor";
import { SectionFlag } from "../elf/constants";
import type { ElfFile } from "../elf/elfFile";
import { Abbreviations } from "./abbreviations";
import { UnitType } from "./constants";
import { DieReader } from "./dieReader";
import { readOffset, readUnitLength } from "./forms";
import { IndexedTables } from "./indexedTables";
import type { InfoUnit } from "./infoUnit";
import { RangeLists } from "./rangeLists";
import type { StringReader } from "./strings";

/** A unit's head and its root entry are within these bytes. */
const headBytes = 1 << 12;
/** A kernel with everything built in has some 30,000. */
const maximumUnits = 1 << 17;

/**
 * The debug information of an image. Of .debug_info, by far the largest section, only the units that are asked for are read;
 * the smaller sections that it refers to are in memory.
 */
export class DebugInfo {
  private constructor(
    private readonly info: SectionReader,
    private readonly littleEndian: boolean,
    private readonly abbreviations: Abbreviations,
    readonly strings: StringReader,
    readonly tables: IndexedTables,
    readonly ranges: RangeLists,
  ) {}

  /** Null when the file has no .debug_info or no .debug_abbrev. Rejects with BootscopeError when a section cannot be read. */
  static async open(file: ElfFile, strings: StringReader): Promise<DebugInfo | null> {
    const info = await SectionReader.open(file, ".debug_info");
    const abbreviations = await file.cursor(".debug_abbrev");
    if (info === null || abbreviations === undefined) return null;
    const tables = new IndexedTables(await file.cursor(".debug_addr"), await file.cursor(".debug_str_offsets"));
    const ranges = new RangeLists(await file.cursor(".debug_ranges"), await file.cursor(".debug_rnglists"), tables);
    return new DebugInfo(info, file.header.littleEndian, new Abbreviations(abbreviations), strings, tables, ranges);
  }

  /**
   * The headers of all units, in order. A unit of an unknown version is left out; one whose length makes no sense ends the
   * list, because nothing says where the next one is.
   */
  *units(): Generator<InfoUnit> {
    let left = maximumUnits;
    for (let offset = 0; offset + 12 <= this.info.length && left > 0; left--) {
      const cursor = this.cursor(offset, Math.min(offset + 32, this.info.length));
      let end: number;
      let unit: InfoUnit | null;
      try {
        const head = readUnitLength(cursor);
        end = Math.min(offset + head.end, this.info.length);
        unit = readUnitHeader(cursor, offset, end, head.offsetSize);
      } catch {
        return;
      }
      if (unit !== null) yield unit;
      // A length of zero would make the same bytes a unit for ever.
      offset = Math.max(end, offset + 4);
    }
  }

  /** Reads a unit's entries. Throws BootscopeError "damaged". */
  read(unit: InfoUnit): DieReader {
    const abbreviations = this.abbreviations.table(unit.abbreviationOffset, unit);
    return new DieReader(this.cursor(unit.offset, unit.end), unit, abbreviations, this.strings, this.tables);
  }

  /** Reads a unit's root entry and nothing else. Throws BootscopeError "damaged". */
  readRoot(unit: InfoUnit): DieReader {
    const cursor = this.cursor(unit.offset, Math.min(unit.offset + headBytes, unit.end));
    cursor.position = unit.rootOffset - unit.offset;
    const abbreviation = this.abbreviations.single(unit.abbreviationOffset, cursor.uleb(), unit);
    return new DieReader(cursor, unit, abbreviation, this.strings, this.tables);
  }

  private cursor(offset: number, end: number): ByteCursor {
    return new ByteCursor(this.info.read(offset, end - offset), this.littleEndian, ".debug_info", 0, offset);
  }
}

/** The rest of a unit header behind its length; null for a version that is not known. Version 5 changed the order. */
function readUnitHeader(cursor: ByteCursor, offset: number, end: number, offsetSize: number): InfoUnit | null {
  const version = cursor.u16();
  if (version < 2 || version > 5) return null;
  const unitType = version >= 5 ? cursor.u8() : UnitType.compile;
  let addressSize = version >= 5 ? cursor.u8() : 0;
  const abbreviationOffset = readOffset(cursor, offsetSize);
  if (version < 5) addressSize = cursor.u8();
  if (unitType === UnitType.skeleton || unitType === UnitType.split_compile) cursor.take(8);
  if (unitType === UnitType.type || unitType === UnitType.split_type) cursor.take(8 + offsetSize);
  const rootOffset = offset + cursor.position;
  return { offset, end, version, offsetSize, addressSize, abbreviationOffset, rootOffset };
}

/** Parts of a section: from the file, or from memory where the section is compressed or relocated. */
class SectionReader {
  private constructor(
    readonly length: number,
    readonly read: (offset: number, length: number) => Uint8Array,
  ) {}

  static async open(file: ElfFile, name: string): Promise<SectionReader | null> {
    const section = file.section(name);
    if (section === undefined) return null;
    const isAsInFile = (section.flags & SectionFlag.Compressed) === 0 && !section.name.startsWith(".z");
    if (isAsInFile && !file.isRelocatable) {
      const available = section.size - section.missing;
      return new SectionReader(available, (offset, length) => file.readAtSync(section.offset + offset, length));
    }
    const bytes = await file.readSection(section);
    return new SectionReader(bytes.length, (offset, length) => bytes.subarray(offset, offset + length));
  }
}
