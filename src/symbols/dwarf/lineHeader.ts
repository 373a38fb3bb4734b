import type { ReusedBytes } from "../byteSource";
import type { ByteCursor } from "../cursor";
import type { SectionBytes } from "../elf/sectionBytes";
import { readOffset, readUnitLength } from "./forms";
import { mostUnits, tooManyUnits } from "./problems";
import { readNames2, readNames5, type NameTable } from "./lineNames";

/** Where a unit of .debug_line is and what is needed to go on to the next one. */
export interface LineUnit {
  readonly offset: number;
  /** Behind its last byte; not behind the section's. */
  readonly end: number;
  readonly version: number;
  readonly offsetSize: number;
  /** Bytes before what follows the version. */
  readonly headBytes: number;
}

/** The header of a line number program (DWARF 5, 6.2.4; versions 2 to 4 alike but for the tables of names). */
export interface LineHeader {
  readonly version: number;
  readonly minimumInstructionLength: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode; index 0 is unused. */
  readonly operandCounts: Uint8Array;
  /** Position in the unit's bytes. */
  readonly programStart: number;
  readonly directories: NameTable;
  readonly files: NameTable;
}

/** A length of the 64-bit format, and a version. */
const longestHead = 14;

/** Finds the units of .debug_line. A length that leads out of the section ends the list, and so do too many; `problem` says so. */
export function listLineUnits(
  section: SectionBytes,
  memory: ReusedBytes,
): { units: LineUnit[]; problem: string | null } {
  const units: LineUnit[] = [];
  // Fewer bytes than a length and a version are padding.
  for (let offset = 0; section.length - offset >= 6; offset = units[units.length - 1].end) {
    if (units.length === mostUnits) return { units, problem: tooManyUnits(".debug_line") };
    try {
      const { unit, missing } = readLineUnit(section, offset, memory);
      units.push(unit);
      if (missing > 0) {
        return { units, problem: section.cursor(offset, 0).damaged("a unit is cut off").message };
      }
    } catch (error) {
      return { units, problem: error instanceof Error ? error.message : String(error) };
    }
  }
  return { units, problem: null };
}

/** The unit at an offset of .debug_line, and how many of its bytes are behind the end of the section. */
export function readLineUnit(
  section: SectionBytes,
  offset: number,
  memory?: ReusedBytes,
): { unit: LineUnit; missing: number } {
  const cursor = section.cursor(offset, longestHead, memory);
  const { end, offsetSize } = readUnitLength(cursor);
  const version = cursor.u16();
  // A length too small for its own version would make the same bytes two units.
  if (end < cursor.position) throw cursor.damaged("a unit is too short", 0);
  const available = Math.min(end, section.length - offset);
  const unit = { offset, end: offset + available, version, offsetSize, headBytes: cursor.position };
  return { unit, missing: end - available };
}

/** Reads a unit's header from its bytes. Throws BootscopeError "damaged"; versions other than 2 to 5 are "damaged" too. */
export function readLineHeader(cursor: ByteCursor, unit: LineUnit): LineHeader {
  cursor.position = unit.headBytes;
  const { version, offsetSize } = unit;
  if (version < 2 || version > 5) throw cursor.damaged(`version ${version} is not known`, unit.headBytes - 2);
  const addressSize = version >= 5 ? cursor.u8() : 0;
  if (version >= 5) cursor.take(1);
  const headerLength = readOffset(cursor, offsetSize);
  const programStart = cursor.position + headerLength;
  if (programStart > cursor.bytes.length) throw cursor.damaged("a line table header is longer than its unit");
  const minimumInstructionLength = cursor.u8();
  // The number of operations per instruction: above one only for VLIW machines, whose op_index is ignored here.
  if (version >= 4) cursor.take(1);
  const defaultIsStatement = cursor.u8() !== 0;
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
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts,
    programStart,
    ...names,
  };
}
