import type { ByteCursor } from "../cursor";
import { Attribute, Form } from "./constants";
import { formBytes, type Encoding } from "./forms";

/** Attributes that are read in all, before a hostile file is given up. A kernel has two million. */
const maximumSpecifications = 1 << 24;

export interface Specification {
  readonly attribute: number;
  readonly form: number;
  /** The value of DW_FORM_implicit_const, else 0. */
  readonly constant: number;
}

/** What the entries of one abbreviation code consist of (DWARF 5, 7.5.3). */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly specifications: readonly Specification[];
  /** Bytes of all attributes together, or -1 when that varies. */
  readonly bytes: number;
  /** Where among these bytes a DW_AT_sibling of four bytes is, or -1. */
  readonly siblingAt: number;
}

/** By code. Codes are small and dense in practice, but nothing says so. */
export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

/** .debug_abbrev: tables by offset, each parsed once per encoding. */
export class Abbreviations {
  private readonly tables = new Map<string, AbbreviationTable>();
  private budget = maximumSpecifications;

  constructor(private readonly section: ByteCursor) {}

  /** Throws BootscopeError "damaged". */
  table(offset: number, encoding: Encoding): AbbreviationTable {
    const key = `${offset} ${encoding.version} ${encoding.offsetSize} ${encoding.addressSize}`;
    let table = this.tables.get(key);
    if (table === undefined) this.tables.set(key, (table = this.parse(offset, encoding)));
    return table;
  }

  private parse(offset: number, encoding: Encoding): AbbreviationTable {
    const cursor = this.section;
    if (offset > cursor.bytes.length) throw cursor.damaged("an abbreviation table is outside", offset);
    cursor.position = offset;
    const table = new Map<number, Abbreviation>();
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      const tag = cursor.uleb();
      const hasChildren = cursor.u8() !== 0;
      const specifications = this.specifications(cursor);
      table.set(code, { tag, hasChildren, specifications, ...layout(specifications, encoding) });
    }
    return table;
  }

  private specifications(cursor: ByteCursor): Specification[] {
    const specifications: Specification[] = [];
    for (;;) {
      if (this.budget-- <= 0) throw cursor.damaged("there are too many abbreviations");
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      const constant = form === Form.implicit_const ? cursor.sleb() : 0;
      if (attribute === 0 && form === 0) return specifications;
      specifications.push({ attribute, form, constant });
    }
  }
}

function layout(specifications: readonly Specification[], encoding: Encoding): { bytes: number; siblingAt: number } {
  let bytes = 0;
  let siblingAt = -1;
  for (const { attribute, form } of specifications) {
    if (attribute === Attribute.sibling && form === Form.ref4) siblingAt = bytes;
    const size = formBytes(form, encoding);
    if (size < 0) return { bytes: -1, siblingAt };
    bytes += size;
  }
  return { bytes, siblingAt };
}
