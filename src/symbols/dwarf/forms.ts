import type { ByteCursor } from "../cursor";
import { Form } from "./constants";

/** What the size of some forms depends on. */
export interface Encoding {
  readonly version: number;
  /** 4, or 8 in the 64-bit format. */
  readonly offsetSize: number;
  readonly addressSize: number;
}

/** A string by the section it is in and its offset there. */
export interface SharedString {
  readonly place: "str" | "line_str";
  readonly offset: number;
}

/** The same, or "inline": by its position in the bytes being read. */
export type StringReference = SharedString | { readonly place: "inline"; readonly offset: number };

/**
 * The value of an attribute: a string's place, a number (constants and section offsets up to 2^53), or null for what is no
 * such thing (blocks, references, addresses, indexes into other tables, larger constants).
 */
export type AttributeValue = StringReference | number | null;

/** Reads or skips a value by its form (DWARF 5, 7.5.6). Throws BootscopeError "damaged" on an unknown form or a cut value. */
export function readForm(cursor: ByteCursor, form: number, encoding: Encoding): AttributeValue {
  switch (form) {
    case Form.string:
      return { place: "inline", offset: cursor.skipString() };
    case Form.strp:
      return { place: "str", offset: readOffset(cursor, encoding.offsetSize) };
    case Form.line_strp:
      return { place: "line_str", offset: readOffset(cursor, encoding.offsetSize) };
    case Form.data1:
    case Form.flag:
      return cursor.u8();
    case Form.data2:
      return cursor.u16();
    case Form.data4:
      return cursor.u32();
    case Form.data8:
      return Number(BigInt.asIntN(54, cursor.u64()));
    case Form.udata:
      return cursor.uleb();
    case Form.sdata:
      return cursor.sleb();
    case Form.sec_offset:
      return readOffset(cursor, encoding.offsetSize);
    case Form.flag_present:
      return 1;
    default:
      skipForm(cursor, form, encoding);
      return null;
  }
}

/** Skips a value by its form. Throws as `readForm`. */
export function skipForm(cursor: ByteCursor, form: number, encoding: Encoding): void {
  const bytes = formBytes(form, encoding);
  if (bytes >= 0) {
    cursor.take(bytes);
    return;
  }
  switch (form) {
    case Form.string:
      cursor.skipString();
      return;
    case Form.block1:
      cursor.take(cursor.u8());
      return;
    case Form.block2:
      cursor.take(cursor.u16());
      return;
    case Form.block4:
      cursor.take(cursor.u32());
      return;
    case Form.block:
    case Form.exprloc:
      cursor.take(cursor.uleb());
      return;
    case Form.udata:
    case Form.sdata:
    case Form.ref_udata:
    case Form.strx:
    case Form.addrx:
    case Form.loclistx:
    case Form.rnglistx:
      cursor.uleb();
      return;
    case Form.indirect: {
      const actual = cursor.uleb();
      if (actual === Form.indirect) throw cursor.damaged("an indirect form names itself");
      skipForm(cursor, actual, encoding);
      return;
    }
    default:
      throw cursor.damaged(`form 0x${form.toString(16)} is not known`);
  }
}

/** The size of a form's values in bytes; -1 when it varies or the form is not known. */
export function formBytes(form: number, { version, offsetSize, addressSize }: Encoding): number {
  switch (form) {
    case Form.flag_present:
    case Form.implicit_const:
      return 0;
    case Form.data1:
    case Form.flag:
    case Form.ref1:
    case Form.strx1:
    case Form.addrx1:
      return 1;
    case Form.data2:
    case Form.ref2:
    case Form.strx2:
    case Form.addrx2:
      return 2;
    case Form.strx3:
    case Form.addrx3:
      return 3;
    case Form.data4:
    case Form.ref4:
    case Form.ref_sup4:
    case Form.strx4:
    case Form.addrx4:
      return 4;
    case Form.data8:
    case Form.ref8:
    case Form.ref_sig8:
    case Form.ref_sup8:
      return 8;
    case Form.data16:
      return 16;
    case Form.addr:
      return addressSize;
    case Form.ref_addr:
      // Version 2 made references between units as wide as an address.
      return version <= 2 ? addressSize : offsetSize;
    case Form.strp:
    case Form.line_strp:
    case Form.sec_offset:
    case Form.strp_sup:
    case Form.GNU_ref_alt:
    case Form.GNU_strp_alt:
      return offsetSize;
    default:
      return -1;
  }
}

/** A section offset of the 32-bit or the 64-bit format. */
export function readOffset(cursor: ByteCursor, offsetSize: number): number {
  return offsetSize === 8 ? cursor.size64() : cursor.u32();
}

/** The head of every unit of every section: its length and format (DWARF 5, 7.4). `end` may lie outside of a cut section. */
export function readUnitLength(cursor: ByteCursor): { end: number; offsetSize: number } {
  const length = cursor.u32();
  if (length < 0xfffffff0) return { end: cursor.position + length, offsetSize: 4 };
  if (length !== 0xffffffff) throw cursor.damaged("a unit has a reserved length", cursor.position - 4);
  const longLength = cursor.size64();
  return { end: cursor.position + longLength, offsetSize: 8 };
}
