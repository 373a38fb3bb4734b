import type { CodeSpace } from "../codeSpace";
import type { ByteCursor } from "../cursor";
import { readOffset } from "./forms";
import type { SharedString } from "./forms";

/** .debug_addr and .debug_str_offsets: what version 5 refers to by number (DWARF 5, 7.26 and 7.27). */
export class IndexedTables {
  constructor(
    private readonly addresses: ByteCursor | undefined,
    private readonly stringOffsets: ByteCursor | undefined,
  ) {}

  /** Entry `index` of a unit's address table, as a distance, or null when there is none. */
  address(base: number, index: number, addressSize: number, code: CodeSpace): number | null {
    return at(this.addresses, base + index * addressSize, addressSize, (cursor) => code.read(cursor, addressSize));
  }

  /** Entry `index` of a unit's string table, or null when there is none. */
  string(base: number, index: number, offsetSize: number): SharedString | null {
    const offset = at(this.stringOffsets, base + index * offsetSize, offsetSize, (cursor) =>
      readOffset(cursor, offsetSize),
    );
    return offset === null ? null : { place: "str", offset };
  }
}

function at<T>(
  cursor: ByteCursor | undefined,
  offset: number,
  bytes: number,
  read: (cursor: ByteCursor) => T,
): T | null {
  if (cursor === undefined || !(offset >= 0 && offset + bytes <= cursor.bytes.length)) return null;
  cursor.position = offset;
  return read(cursor);
}
