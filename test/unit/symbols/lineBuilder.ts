import { ByteWriter } from "./elfBuilder";

export interface TestLineUnit {
  version?: 2 | 3 | 4 | 5;
  littleEndian?: boolean;
  directories?: readonly string[];
  /** Name and directory number. Version 5 counts both from 0, the others from 1 with 0 for the compilation directory. */
  files: readonly (readonly [string, number])[];
  minimumInstructionLength?: number;
  lineRange?: number;
  program: ByteWriter;
}

/** A line number program written by opcodes. The header of `lineUnit` has lineBase -5, lineRange 14, opcodeBase 14. */
export class LineProgram extends ByteWriter {
  address(address: bigint, bytes = 8): this {
    return this.u8(0, bytes + 1, 2).number(address, bytes);
  }

  /** A row `advance` further at `line`: moves by standard opcodes and copies. */
  advance(pc: number, line: number): this {
    return this.u8(2).uleb(pc).u8(3).sleb(line).u8(1);
  }

  row(): this {
    return this.u8(1);
  }

  file(number: number): this {
    return this.u8(4).uleb(number);
  }

  end(pc: number): this {
    return this.u8(2).uleb(pc).u8(0, 1, 1);
  }

  fixedAdvance(pc: number): this {
    return this.u8(9).number(pc, 2);
  }
}

/** A whole unit of .debug_line with its strings inside. */
export function lineUnit(unit: TestLineUnit): Uint8Array {
  const { version = 5, littleEndian = true, minimumInstructionLength = 1, lineRange = 14 } = unit;
  const directories = unit.directories ?? (version === 5 ? ["/build"] : []);
  const tail = new ByteWriter(littleEndian).u8(minimumInstructionLength);
  if (version >= 4) tail.u8(1);
  // Opcode 13 is of no standard: one operand to skip.
  tail.u8(1, 256 - 5, lineRange, 14).u8(0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1);
  if (version === 5) {
    tail.u8(1, 1, 0x08).uleb(directories.length);
    for (const directory of directories) tail.string(directory);
    // Name, directory, and an MD5 sum that nobody asked for.
    tail.u8(3, 1, 0x08, 2, 0x0b, 5, 0x1e).uleb(unit.files.length);
    for (const [name, directory] of unit.files) tail.string(name).u8(directory).bytes(new Uint8Array(16));
  } else {
    for (const directory of directories) tail.string(directory);
    tail.u8(0);
    for (const [name, directory] of unit.files) tail.string(name).uleb(directory).uleb(0).uleb(0);
    tail.u8(0);
  }
  const body = new ByteWriter(littleEndian).number(version, 2);
  if (version === 5) body.u8(8, 0);
  body.number(tail.length, 4).bytes(tail.finish()).bytes(unit.program.finish());
  return new ByteWriter(littleEndian).number(body.length, 4).bytes(body.finish()).finish();
}
