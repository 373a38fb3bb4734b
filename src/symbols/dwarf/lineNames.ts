import type { ByteCursor } from "../cursor";
import { Form, LineContent } from "./constants";
import { readForm, readOffset, type Encoding, type StringReference } from "./forms";

const places = ["inline", "str", "line_str"] as const;

/** Directory or file names of a line table header. Units have hundreds and use few, so they are numbers until one is used. */
export class NameTable {
  private readonly names: number[] = [];
  private readonly directories: number[] = [];

  add(place: StringReference["place"], offset: number, directory: number): void {
    this.names.push(offset * places.length + places.indexOf(place));
    this.directories.push(directory);
  }

  /** Adds an entry that has no name, to keep the numbers of those behind it. */
  addNone(): void {
    this.names.push(-1);
    this.directories.push(0);
  }

  /** Where the name of an entry is, or null. */
  name(index: number): StringReference | null {
    const packed = this.names.at(index) ?? -1;
    if (packed < 0 || index < 0) return null;
    return { place: places[packed % places.length], offset: Math.floor(packed / places.length) };
  }

  /** The number of the directory of a file. */
  directory(index: number): number {
    return this.directories.at(index) ?? 0;
  }
}

interface Names {
  readonly directories: NameTable;
  readonly files: NameTable;
}

/**
 * Versions 2 to 4: strings that an empty one ends. Entry 0 of both tables has no name: directory 0 is the compilation
 * directory, files are numbered from 1.
 */
export function readNames2(cursor: ByteCursor): Names {
  const directories = new NameTable();
  const files = new NameTable();
  directories.addNone();
  while (cursor.bytes[cursor.position] !== 0) directories.add("inline", cursor.skipString(), 0);
  cursor.take(1);
  files.addNone();
  while (cursor.bytes[cursor.position] !== 0) readFileName2(cursor, files);
  return { directories, files };
}

/** One file of versions 2 to 4, also the operand of DW_LNE_define_file: name, directory, time of change, length. */
export function readFileName2(cursor: ByteCursor, files: NameTable): void {
  const offset = cursor.skipString();
  files.add("inline", offset, cursor.uleb());
  cursor.uleb();
  cursor.uleb();
}

/** Version 5: tables that describe their own columns. Both are numbered from 0; directory 0 is the compilation directory. */
export function readNames5(cursor: ByteCursor, encoding: Encoding): Names {
  const directories = readTable(cursor, encoding);
  return { directories, files: readTable(cursor, encoding) };
}

function readTable(cursor: ByteCursor, encoding: Encoding): NameTable {
  const columns = Array.from({ length: cursor.u8() }, () => ({ content: cursor.uleb(), form: cursor.uleb() }));
  const count = cursor.uleb();
  // Every entry takes at least a byte: a larger count is damage, not a reason to loop.
  if (count > cursor.remaining) throw cursor.damaged(`a table of names has ${count} entries`);
  const table = new NameTable();
  for (let index = 0; index < count; index++) {
    let place: StringReference["place"] | null = null;
    let offset = 0;
    let directory = 0;
    for (const { content, form } of columns) {
      if (content === LineContent.path && form === Form.line_strp) {
        place = "line_str";
        offset = readOffset(cursor, encoding.offsetSize);
        continue;
      }
      const value = readForm(cursor, form, encoding);
      if (content === LineContent.path && typeof value === "object" && value !== null) ({ place, offset } = value);
      else if (content === LineContent.directory_index && typeof value === "number") directory = value;
    }
    if (place === null) table.addNone();
    else table.add(place, offset, directory);
  }
  return table;
}
