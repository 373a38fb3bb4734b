import { readSignedOffset, type CodeSpace } from "../codeSpace";
import type { ByteCursor } from "../cursor";
import { readOffset, readUnitLength } from "./forms";

/** A range of .debug_aranges, with the offset of the unit of .debug_info that it belongs to. */
export interface UnitRange {
  readonly unitOffset: number;
  /** Distances. */
  readonly start: number;
  readonly end: number;
}

/** .debug_aranges (DWARF 5, 6.1.2): which unit an address is in. What is damaged ends the list. */
export function readAddressSets(cursor: ByteCursor, code: CodeSpace): UnitRange[] {
  const ranges: UnitRange[] = [];
  cursor.position = 0;
  try {
    while (cursor.remaining >= 12) {
      const start = cursor.position;
      const { end, offsetSize } = readUnitLength(cursor);
      cursor.take(2);
      const unitOffset = readOffset(cursor, offsetSize);
      const addressSize = cursor.u8();
      const segmentSize = cursor.u8();
      const tupleBytes = addressSize * 2 + segmentSize;
      // Tuples start at a multiple of their size.
      cursor.position = start + Math.ceil((cursor.position - start) / tupleBytes) * tupleBytes;
      while (cursor.position + tupleBytes <= Math.min(end, cursor.bytes.length)) {
        cursor.take(segmentSize);
        const start = code.read(cursor, addressSize);
        const length = readSignedOffset(cursor, addressSize);
        if (length > 0) ranges.push({ unitOffset, start, end: start + length });
      }
      cursor.position = Math.min(Math.max(end, start + 4), cursor.bytes.length);
    }
  } catch {
    // The ranges before the damage are good: a wrong length only hides those behind it.
  }
  return ranges;
}
