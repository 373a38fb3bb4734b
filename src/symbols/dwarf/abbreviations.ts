import type { ByteCursor } from "../cursor";
import { Attribute, Form } from "./constants";
import { formBytes, type Encoding } from "./forms";

/** Attributes that are read in all, before a hostile file is given up. A kernel has five million. */
const maximumSpecifications = 1 << 26;
/** Each unit of a kernel has a table of its own, which is used while that unit is read and hardly ever again. */
const maximumTables = 8;

/** What the entries of one abbreviation code consist of (DWARF 5, 7.5.3). */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Three numbers for each attribute: the attribute, its form, and the value of DW_FORM_implicit_const or 0. */
  readonly specifications: readonly number[];
  /** Bytes of all attributes together, or -1 when that varies. */
  readonly bytes: number;
  /** Which attribute is a DW_AT_sibling of four bytes (an index into `specifications`), or -1. */
  readonly siblingIndex: number;
  /** Where among the bytes of the attributes it is, or -1 when that varies. */
  readonly siblingAt: number;
  /** It has DW_AT_low_pc or DW_AT_ranges: without one of them an entry has no code. */
  readonly hasCode: boolean;
}

/** By code: codes are small and dense in practice. */
export type AbbreviationTable = readonly (Abbreviation | undefined)[];

/** .debug_abbrev, read table by table. */
export class Abbreviations {
  /** The tables used last, in that order. */
  private readonly tables = new Map<string, AbbreviationTable>();
  private budget = maximumSpecifications;

  constructor(private readonly section: ByteCursor) {}

  /** All abbreviations of a table. Throws BootscopeError "damaged". */
  table(offset: number, encoding: Encoding): AbbreviationTable {
    const key = `${offset} ${encoding.version} ${encoding.offsetSize} ${encoding.addressSize}`;
    let table = this.tables.get(key);
    if (table === undefined) table = this.parse(offset, encoding);
    else this.tables.delete(key);
    this.tables.set(key, table);
    if (this.tables.size > maximumTables) this.tables.delete(this.tables.keys().next().value!);
    return table;
  }

  /** A table of one abbreviation, for those who want nothing but a unit's root entry. Throws BootscopeError "damaged". */
  single(offset: number, code: number, encoding: Encoding): AbbreviationTable {
    return this.parse(offset, encoding, code);
  }

  private parse(offset: number, encoding: Encoding, only?: number): AbbreviationTable {
    const cursor = this.section;
    if (offset > cursor.bytes.length) throw cursor.damaged("an abbreviation table is outside", offset);
    cursor.position = offset;
    const table: (Abbreviation | undefined)[] = [];
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      const tag = cursor.uleb();
      const hasChildren = cursor.u8() !== 0;
      if (only !== undefined && code !== only) {
        this.skipSpecifications(cursor);
        continue;
      }
      table[code] = { tag, hasChildren, ...this.readSpecifications(cursor, encoding) };
      if (only !== undefined) break;
    }
    return table;
  }

  private skipSpecifications(cursor: ByteCursor): void {
    for (;;) {
      if (this.budget-- <= 0) throw cursor.damaged("there are too many abbreviations");
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      if (form === Form.implicit_const) cursor.sleb();
      if (attribute === 0 && form === 0) return;
    }
  }

  private readSpecifications(cursor: ByteCursor, encoding: Encoding) {
    const specifications: number[] = [];
    let bytes = 0;
    let siblingIndex = -1;
    let siblingAt = -1;
    let hasCode = false;
    for (;;) {
      if (this.budget-- <= 0) throw cursor.damaged("there are too many abbreviations");
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      const constant = form === Form.implicit_const ? cursor.sleb() : 0;
      if (attribute === 0 && form === 0) {
        return { specifications, bytes, siblingIndex, siblingAt, hasCode };
      }
      if (attribute === Attribute.sibling && form === Form.ref4) {
        siblingIndex = specifications.length;
        siblingAt = bytes;
      }
      specifications.push(attribute, form, constant);
      if (attribute === Attribute.low_pc || attribute === Attribute.ranges) hasCode = true;
      const size = formBytes(form, encoding);
      bytes = bytes < 0 || size < 0 ? -1 : bytes + size;
    }
  }
}
