import { ByteCursor } from "../cursor";
import { SectionFlag } from "../elf/constants";
import type { ElfFile } from "../elf/elfFile";
import { Attribute, Form, UnitType } from "./constants";
import { readForm, readOffset, readUnitLength, type AttributeValue, type Encoding } from "./forms";
import type { StringReader } from "./strings";

/** A unit's head and its first entry are within these bytes; the 160 MB around them are not read. */
const rootBytes = 1 << 13;
/** Abbreviations that are looked through in all, before a hostile file is given up. */
const maximumAbbreviations = 1 << 22;

/**
 * DW_AT_comp_dir of every compilation unit by the offset of its line table (DW_AT_stmt_list). Only the root entries of
 * .debug_info are read. Units that make no sense are left out: their paths stay relative.
 */
export async function readCompilationDirectories(
  file: ElfFile,
  strings: StringReader,
): Promise<ReadonlyMap<number, string>> {
  const directories = new Map<number, string>();
  const info = file.section(".debug_info");
  const abbreviations = await file.cursor(".debug_abbrev");
  if (info === undefined || abbreviations === undefined) return directories;
  const isCompressed = (info.flags & SectionFlag.Compressed) !== 0 || info.name.startsWith(".z");
  const whole = isCompressed ? await file.readSection(info) : null;
  const end = whole === null ? info.size - info.missing : whole.length;
  const reader = new RootReader(abbreviations);

  for (let offset = 0; offset + 12 <= end;) {
    const length = Math.min(rootBytes, end - offset);
    const bytes = whole?.subarray(offset, offset + length) ?? (await file.readAt(info.offset + offset, length));
    const cursor = new ByteCursor(bytes, file.header.littleEndian, ".debug_info", 0, offset);
    let unit;
    try {
      unit = readUnitLength(cursor);
      const root = reader.read(cursor, unit.offsetSize);
      // "inline" strings of the root entry are in .debug_info itself, at the cursor's bytes.
      const directory = root.directory && textOf(root.directory, bytes, strings);
      if (root.lineTable !== null && directory) directories.set(root.lineTable, directory);
    } catch {
      // Without a length there is no next unit; with one, only this unit is lost.
      if (unit === undefined) break;
    }
    offset += Math.max(unit.end, 1);
  }
  return directories;
}

function textOf(value: AttributeValue, bytes: Uint8Array, strings: StringReader): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (value.place !== "inline") return strings.read(value);
  const end = bytes.indexOf(0, value.offset);
  return new TextDecoder().decode(bytes.subarray(value.offset, end));
}

interface Root {
  lineTable: number | null;
  directory: AttributeValue;
}

class RootReader {
  private budget = maximumAbbreviations;
  private readonly known = new Map<string, readonly Specification[]>();

  constructor(private readonly abbreviations: ByteCursor) {}

  /** The root entry of the unit whose length was just read. */
  read(cursor: ByteCursor, offsetSize: number): Root {
    const { encoding, abbreviationOffset } = readInfoHeader(cursor, offsetSize);
    const code = cursor.uleb();
    const root: Root = { lineTable: null, directory: null };
    for (const { attribute, form } of this.specifications(abbreviationOffset, code)) {
      const value = readForm(cursor, form, encoding);
      if (attribute === Attribute.stmt_list && typeof value === "number") root.lineTable = value;
      else if (attribute === Attribute.comp_dir) root.directory = value;
    }
    return root;
  }

  /** What the entries of an abbreviation code consist of (DWARF 5, 7.5.3). */
  private specifications(tableOffset: number, code: number): readonly Specification[] {
    const key = `${tableOffset} ${code}`;
    let found = this.known.get(key);
    if (found === undefined) this.known.set(key, (found = this.find(tableOffset, code)));
    return found;
  }

  private find(tableOffset: number, wanted: number): Specification[] {
    const cursor = this.abbreviations;
    cursor.position = Math.min(tableOffset, cursor.bytes.length);
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      cursor.uleb();
      cursor.take(1);
      const specifications: Specification[] = [];
      for (;;) {
        if (this.budget-- <= 0) throw cursor.damaged("there are too many abbreviations");
        const attribute = cursor.uleb();
        const form = cursor.uleb();
        if (form === Form.implicit_const) cursor.sleb();
        if (attribute === 0 && form === 0) break;
        specifications.push({ attribute, form });
      }
      if (code === wanted) return specifications;
    }
    throw cursor.damaged(`there is no abbreviation ${wanted}`, tableOffset);
  }
}

interface Specification {
  readonly attribute: number;
  readonly form: number;
}

/** The rest of a unit header of .debug_info (DWARF 5, 7.5.1; version 5 changed the order). */
function readInfoHeader(cursor: ByteCursor, offsetSize: number): { encoding: Encoding; abbreviationOffset: number } {
  const version = cursor.u16();
  if (version < 2 || version > 5) throw cursor.damaged(`version ${version} is not known`, cursor.position - 2);
  if (version < 5) {
    const abbreviationOffset = readOffset(cursor, offsetSize);
    return { encoding: { version, offsetSize, addressSize: cursor.u8() }, abbreviationOffset };
  }
  const unitType = cursor.u8();
  const addressSize = cursor.u8();
  const abbreviationOffset = readOffset(cursor, offsetSize);
  const isSplit = unitType === UnitType.skeleton || unitType === UnitType.split_compile;
  const isType = unitType === UnitType.type || unitType === UnitType.split_type;
  if (isSplit) cursor.take(8);
  if (isType) cursor.take(8 + offsetSize);
  return { encoding: { version, offsetSize, addressSize }, abbreviationOffset };
}
