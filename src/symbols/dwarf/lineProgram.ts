import type { IsCode } from "../codeSections";
import type { ByteCursor } from "../cursor";
import { ExtendedOpcode, StandardOpcode } from "./constants";
import { noFile, type UnitFiles } from "./lineFiles";
import type { LineHeader } from "./lineHeader";
import { readFileName2 } from "./lineNames";
import type { LineRows } from "./lineRows";

/**
 * Runs a line number program (DWARF 5, 6.2.5), given by its unit's bytes, and adds its rows. A program that is cut keeps the sequences before the cut and
 * the rows of the last one.
 *
 * Throws BootscopeError "damaged" where the program makes no sense; what was added before stays.
 */
export function runLineProgram(
  cursor: ByteCursor,
  header: LineHeader,
  files: UnitFiles,
  rows: LineRows,
  isCode: IsCode,
): void {
  const { bytes } = cursor;
  const { minimumInstructionLength: step, lineBase, lineRange, opcodeBase, operandCounts } = header;
  const constAddPc = Math.floor((255 - opcodeBase) / lineRange) * step;

  // The machine's registers; columns, discriminators and instruction sets have no use here.
  let base: bigint | null = null;
  let offset = 0;
  let line = 1;
  let file = files.resolve(1);
  let isStatement = header.defaultIsStatement;

  // The position stays in a local variable: this loop runs once per byte of a section of tens of megabytes. A read behind the
  // end gives zeros and leaves `position` behind it, which ends the loop and is looked at after it.
  let position = header.programStart;
  const uleb = (): number => {
    const byte = bytes[position];
    if (byte < 0x80) {
      position++;
      return byte;
    }
    cursor.position = position;
    const value = cursor.uleb();
    position = cursor.position;
    return value;
  };
  const addRow = () => {
    if (base === null) rows.open((base = 0n));
    rows.add(offset, file, line, isStatement);
  };

  try {
    while (position < bytes.length) {
      const opcode = bytes[position++];
      if (opcode >= opcodeBase) {
        const adjusted = opcode - opcodeBase;
        offset += Math.floor(adjusted / lineRange) * step;
        line = (line + lineBase + (adjusted % lineRange)) >>> 0;
        addRow();
        continue;
      }
      switch (opcode) {
        case StandardOpcode.copy:
          addRow();
          break;
        case StandardOpcode.advance_pc:
          offset += uleb() * step;
          break;
        case StandardOpcode.advance_line:
          cursor.position = position;
          line = (line + cursor.sleb()) >>> 0;
          position = cursor.position;
          break;
        case StandardOpcode.set_file:
          file = files.resolve(uleb());
          break;
        case StandardOpcode.set_column:
        case StandardOpcode.set_isa:
          uleb();
          break;
        case StandardOpcode.negate_stmt:
          isStatement = !isStatement;
          break;
        case StandardOpcode.set_basic_block:
        case StandardOpcode.set_prologue_end:
        case StandardOpcode.set_epilogue_begin:
          break;
        case StandardOpcode.const_add_pc:
          offset += constAddPc;
          break;
        case StandardOpcode.fixed_advance_pc:
          cursor.position = position;
          offset += cursor.u16();
          position = cursor.position;
          break;
        case StandardOpcode.extended: {
          cursor.position = position;
          const length = cursor.uleb();
          const end = cursor.position + length;
          if (length === 0 || end > bytes.length) throw cursor.damaged("an extended opcode has a wrong length");
          const extended = cursor.u8();
          if (extended === ExtendedOpcode.end_sequence) {
            file = noFile;
            addRow();
            closeSequence(rows, base, isCode);
            base = null;
            offset = 0;
            line = 1;
            file = files.resolve(1);
            isStatement = header.defaultIsStatement;
          } else if (extended === ExtendedOpcode.set_address) {
            const address = cursor.unsigned(length - 1);
            if (base === null) rows.open((base = address));
            offset = Number(BigInt.asIntN(64, address - base));
          } else if (extended === ExtendedOpcode.define_file) {
            readFileName2(cursor, header.files);
          }
          position = end;
          break;
        }
        default:
          // An opcode of a later version: the header says how many operands to skip.
          for (let operand = 0; operand < operandCounts[opcode]; operand++) uleb();
      }
    }
    if (base !== null) throw cursor.damaged("a sequence does not end", bytes.length);
  } finally {
    if (rows.hasOpenRows) {
      file = noFile;
      addRow();
      closeSequence(rows, base, isCode);
    }
  }
}

/** The linker leaves the sequences of sections that it dropped, at address 0 or at all ones (DWARF 6's tombstones). */
function closeSequence(rows: LineRows, base: bigint | null, isCode: IsCode): void {
  if (base !== null && isCode(base)) rows.close();
  else rows.discard();
}
