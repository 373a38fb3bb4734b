import { BootscopeError } from "../../protocol/failure";
import { ReusedBytes } from "../byteSource";
import type { ByteCursor } from "../cursor";
import type { SectionBytes } from "../elf/sectionBytes";
import { Attribute, Form } from "./constants";
import { formBytes, type Encoding } from "./forms";

/** Attributes that are read in all, before a hostile file is given up. A kernel has five million. */
const maximumSpecifications = 1 << 26;
/** Each unit of a kernel has a table of its own, which is used while that unit is read and hardly ever again. */
const maximumTables = 8;
/** What is read of a table at first: most have fewer bytes. */
const firstBytes = 1 << 12;

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

/** The abbreviations of a unit by code. What a code stands for is read when it is first used. */
export class AbbreviationTable {
  private readonly known: (Abbreviation | undefined)[] = [];

  /** @param offsets where the tag of each code is; codes are small and dense in practice */
  constructor(
    private readonly cursor: ByteCursor,
    private readonly offsets: readonly (number | undefined)[],
    private readonly encoding: Encoding,
  ) {}

  /** Undefined for a code that the table does not have. Throws BootscopeError "damaged". */
  at(code: number): Abbreviation | undefined {
    return this.known[code] ?? this.read(code);
  }

  private read(code: number): Abbreviation | undefined {
    const offset = this.offsets[code];
    if (offset === undefined) return undefined;
    this.cursor.position = offset;
    return (this.known[code] = readAbbreviation(this.cursor, this.encoding));
  }
}

/** .debug_abbrev, read table by table. */
export class Abbreviations {
  /** The tables used last, in that order. */
  private readonly tables = new Map<string, AbbreviationTable>();
  private readonly memory = new ReusedBytes();
  private budget = maximumSpecifications;

  constructor(private readonly section: SectionBytes) {}

  /** All abbreviations of a table. Throws BootscopeError "damaged". */
  table(offset: number, encoding: Encoding): AbbreviationTable {
    const key = `${offset} ${encoding.version} ${encoding.offsetSize} ${encoding.addressSize}`;
    let table = this.tables.get(key);
    if (table === undefined) table = this.list(offset, encoding);
    else this.tables.delete(key);
    this.tables.set(key, table);
    if (this.tables.size > maximumTables) this.tables.delete(this.tables.keys().next().value!);
    return table;
  }

  /** A table of one abbreviation, for those who want nothing but a unit's root entry. Throws BootscopeError "damaged". */
  single(offset: number, code: number, encoding: Encoding): AbbreviationTable {
    return this.list(offset, encoding, code);
  }

  /** Reads more and more of the section until the table is whole. */
  private list(offset: number, encoding: Encoding, only?: number): AbbreviationTable {
    for (let bytes = firstBytes; ; bytes *= 8) {
      const isRest = offset + bytes >= this.section.length;
      const cursor = this.section.cursor(offset, bytes, this.memory);
      if (offset > this.section.length) throw cursor.damaged("an abbreviation table is outside", 0);
      try {
        const offsets = this.listCodes(cursor, only);
        return new AbbreviationTable(cursor.copy(), offsets, encoding);
      } catch (error) {
        if (isRest || !(error instanceof BootscopeError)) throw error;
      }
    }
  }

  /** Where the tag of each code is; with `only`, no further than that code. */
  private listCodes(cursor: ByteCursor, only?: number): (number | undefined)[] {
    const offsets: (number | undefined)[] = [];
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      offsets[code] = cursor.position;
      cursor.uleb();
      cursor.take(1);
      this.skipSpecifications(cursor);
      if (code === only) break;
    }
    return offsets;
  }

  private skipSpecifications(cursor: ByteCursor): void {
    const { bytes } = cursor;
    for (;;) {
      if (this.budget-- <= 0) throw cursor.damaged("there are too many abbreviations");
      // Nearly all attributes and forms are numbers of one byte; behind the end there is undefined, which is not below.
      const { position } = cursor;
      let attribute = bytes[position];
      let form = bytes[position + 1];
      if (attribute < 0x80 && form < 0x80) {
        cursor.position = position + 2;
      } else {
        attribute = cursor.uleb();
        form = cursor.uleb();
      }
      if (form === Form.implicit_const) cursor.sleb();
      if (attribute === 0 && form === 0) return;
    }
  }
}

/** Reads an abbreviation from its tag on. Its length was checked when the table was listed. */
function readAbbreviation(cursor: ByteCursor, encoding: Encoding): Abbreviation {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const specifications: number[] = [];
  let bytes = 0;
  let siblingIndex = -1;
  let siblingAt = -1;
  let hasCode = false;
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    const constant = form === Form.implicit_const ? cursor.sleb() : 0;
    if (attribute === 0 && form === 0) {
      return { tag, hasChildren, specifications, bytes, siblingIndex, siblingAt, hasCode };
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
