import { ByteCursor } from "../cursor";
import { readOffset, readUnitLength } from "./forms";
import { readNames2, readNames5, type NameTable } from "./lineNames";

/** Where a unit of .debug_line is and what is needed to go on to the next one. */
export interface LineUnit {
  readonly offset: number;
  /** Behind its last byte; not behind the section's. */
  readonly end: number;
  readonly version: number;
  readonly offsetSize: number;
  /** Of what follows the version. */
  readonly bodyOffset: number;
}

/** The header of a line number program (DWARF 5, 6.2.4; versions 2 to 4 alike but for the tables of names). */
export interface LineHeader {
  readonly version: number;
  readonly minimumInstructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode; index 0 is unused. */
  readonly operandCounts: Uint8Array;
  readonly programOffset: number;
  readonly directories: NameTable;
  readonly files: NameTable;
}

/** Finds the units of .debug_line. A length that leads out of the section ends the list; `problem` says so. */
export function listLineUnits(cursor: ByteCursor): { units: LineUnit[]; problem: string | null } {
  const units: LineUnit[] = [];
  cursor.position = 0;
  // Fewer bytes than a length and a version are padding.
  while (cursor.remaining >= 6) {
    const offset = cursor.position;
    try {
      const { unit, missing } = readLineUnit(cursor, offset);
      units.push(unit);
      if (missing > 0) return { units, problem: cursor.damaged("a unit is cut off", offset).message };
      cursor.position = unit.end;
    } catch (error) {
      return { units, problem: error instanceof Error ? error.message : String(error) };
    }
  }
  return { units, problem: null };
}

/** The unit at an offset of .debug_line, and how many of its bytes are behind the end of the section. */
export function readLineUnit(cursor: ByteCursor, offset: number): { unit: LineUnit; missing: number } {
  cursor.position = Math.min(offset, cursor.bytes.length);
  const { end, offsetSize } = readUnitLength(cursor);
  const version = cursor.u16();
  // A length too small for its own version would make the same bytes two units.
  if (end < cursor.position) throw cursor.damaged("a unit is too short", offset);
  const sectionEnd = cursor.bytes.length;
  const unit = { offset, end: Math.min(end, sectionEnd), version, offsetSize, bodyOffset: cursor.position };
  return { unit, missing: Math.max(0, end - sectionEnd) };
}

/** Reads a unit's header. Throws BootscopeError "damaged"; versions other than 2 to 5 are "damaged" too. */
export function readLineHeader(section: ByteCursor, unit: LineUnit): LineHeader {
  const cursor = new ByteCursor(
    section.bytes.subarray(0, unit.end),
    section.littleEndian,
    section.section,
    unit.bodyOffset,
  );
  const { version, offsetSize } = unit;
  if (version < 2 || version > 5) throw cursor.damaged(`version ${version} is not known`, unit.bodyOffset - 2);
  const addressSize = version >= 5 ? cursor.u8() : 0;
  if (version >= 5) cursor.take(1);
  const headerLength = readOffset(cursor, offsetSize);
  const programOffset = cursor.position + headerLength;
  if (programOffset > unit.end) throw cursor.damaged("a line table header is longer than its unit");
  const minimumInstructionLength = cursor.u8();
  // The number of operations per instruction: above one only for VLIW machines, whose op_index is ignored here.
  if (version >= 4) cursor.take(1);
  cursor.take(1);
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  if (lineRange === 0) throw cursor.damaged("the line range is 0", cursor.position - 2);
  const counts = Math.max(0, opcodeBase - 1);
  const countsOffset = cursor.take(counts);
  const operandCounts = new Uint8Array(counts + 1);
  operandCounts.set(cursor.bytes.subarray(countsOffset, countsOffset + counts), 1);
  const names = version >= 5 ? readNames5(cursor, { version, offsetSize, addressSize }) : readNames2(cursor);
  return {
    version,
    minimumInstructionLength,
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts,
    programOffset,
    ...names,
  };
}
