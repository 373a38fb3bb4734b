import { BootscopeError } from "../../protocol/failure";
import { ReusedBytes } from "../byteSource";
import { CodeSpace } from "../codeSpace";
import type { ByteCursor } from "../cursor";
import type { ElfFile } from "../elf/elfFile";
import { SectionBytes } from "../elf/sectionBytes";
import { Abbreviations } from "./abbreviations";
import { UnitType } from "./constants";
import { DieReader } from "./dieReader";
import { readOffset, readUnitLength } from "./forms";
import { IndexedTables } from "./indexedTables";
import type { InfoUnit } from "./infoUnit";
import { RangeLists } from "./rangeLists";
import { mostUnits, tooManyUnits } from "./problems";
import type { StringReader } from "./strings";

/** A unit's head and its root entry are within these bytes. */
const headBytes = 1 << 12;

/**
 * The debug information of an image. Of .debug_info, by far the largest section, only the units that are asked for are read;
 * the smaller sections that it refers to are in memory.
 */
export class DebugInfo {
  private readonly headMemory = new ReusedBytes();
  /** By offset: the units of addresses are found before all of them are listed. */
  private readonly heads = new Map<number, UnitHead | null>();
  private headProblem: string | null = null;

  private constructor(
    private readonly info: SectionBytes,
    private readonly abbreviations: Abbreviations,
    readonly strings: StringReader,
    readonly tables: IndexedTables,
    readonly ranges: RangeLists,
    readonly code: CodeSpace,
  ) {}

  /** Null when the file has no .debug_info or no .debug_abbrev. Rejects with BootscopeError when a section cannot be read. */
  static async open(file: ElfFile, strings: StringReader): Promise<DebugInfo | null> {
    const info = await SectionBytes.open(file, ".debug_info");
    const abbreviations = await SectionBytes.open(file, ".debug_abbrev");
    if (info === null || abbreviations === null) return null;
    const tables = new IndexedTables(await file.cursor(".debug_addr"), await file.cursor(".debug_str_offsets"));
    const code = new CodeSpace(file);
    const ranges = new RangeLists(
      await file.cursor(".debug_ranges"),
      await file.cursor(".debug_rnglists"),
      tables,
      code,
    );
    return new DebugInfo(info, new Abbreviations(abbreviations), strings, tables, ranges, code);
  }

  /** What was wrong with the headers of units that were read so far: the first of it, or null. */
  get problem(): string | null {
    return this.headProblem;
  }

  /**
   * The headers of all units, in order. A unit of an unknown version is left out; one whose length makes no sense ends the
   * list, because nothing says where the next one is.
   */
  *units(): Generator<InfoUnit> {
    for (let offset = 0, count = 0; offset + 12 <= this.info.length; count++) {
      if (count === mostUnits) {
        this.headProblem ??= tooManyUnits(".debug_info");
        return;
      }
      const head = this.head(offset);
      if (head === null) return;
      if (head.unit !== null) yield head.unit;
      // A length of zero would make the same bytes a unit for ever.
      offset = Math.max(head.end, offset + 4);
    }
  }

  /** The header of the unit at an offset; null where there is none. */
  unitAt(offset: number): InfoUnit | null {
    return offset + 12 <= this.info.length ? (this.head(offset)?.unit ?? null) : null;
  }

  /**
   * Reads a unit's entries. Throws BootscopeError "damaged".
   * @param memory what they may be read into: then the reader is good until it is used again
   */
  read(unit: InfoUnit, memory?: ReusedBytes): DieReader {
    const abbreviations = this.abbreviations.table(unit.abbreviationOffset, unit);
    const cursor = this.info.cursor(unit.offset, unit.end - unit.offset, memory);
    return new DieReader(cursor, unit, abbreviations, this.strings, this.tables, this.code);
  }

  /** Reads a unit's root entry and nothing else. The reader is good until the next header is read. Throws BootscopeError "damaged". */
  readRoot(unit: InfoUnit): DieReader {
    const bytes = Math.min(headBytes, unit.end - unit.offset);
    const cursor = this.info.cursor(unit.offset, bytes, this.headMemory);
    cursor.position = unit.rootOffset - unit.offset;
    const abbreviation = this.abbreviations.single(unit.abbreviationOffset, cursor.uleb(), unit);
    return new DieReader(cursor, unit, abbreviation, this.strings, this.tables, this.code);
  }

  private head(offset: number): UnitHead | null {
    let head = this.heads.get(offset);
    if (head === undefined) this.heads.set(offset, (head = this.readHead(offset)));
    return head;
  }

  private readHead(offset: number): UnitHead | null {
    const cursor = this.info.cursor(offset, 32, this.headMemory);
    try {
      const head = readUnitLength(cursor);
      const end = Math.min(offset + head.end, this.info.length);
      if (end < offset + head.end) this.headProblem ??= cursor.damaged("a unit is cut off", 0).message;
      return { unit: readUnitHeader(cursor, offset, end, head.offsetSize), end };
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      this.headProblem ??= error.message;
      return null;
    }
  }
}

/** What is at an offset where a unit begins. */
interface UnitHead {
  /** Null: of a version that is not known. */
  readonly unit: InfoUnit | null;
  readonly end: number;
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
