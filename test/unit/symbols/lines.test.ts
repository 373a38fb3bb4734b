import { afterEach, describe, expect, it } from "vitest";
import { openImage } from "../../../src/symbols/image";
import type { ImageSymbols } from "../../../src/symbols/types";
import { ByteWriter, writeElf, type TestElf, type TestSection } from "./elfBuilder";
import { LineProgram, lineUnit, type TestLineUnit } from "./lineBuilder";

let image: ImageSymbols | undefined;
afterEach(() => image?.close());

/** "file:line" at addresses of an image with these units of .debug_line; "-" for none. */
async function linesAt(
  units: readonly TestLineUnit[],
  addresses: readonly bigint[],
  options: TestElf & { moreSections?: readonly TestSection[] } = {},
): Promise<string[]> {
  const { moreSections = [], ...elf } = options;
  const content = Buffer.concat(units.map(lineUnit));
  image?.close();
  image = await openImage(writeElf({ ...elf, sections: [{ name: ".debug_line", content }, ...moreSections] }));
  const table = await image.lines();
  const { file, line } = table!.lookupMany(BigUint64Array.from(addresses));
  return addresses.map((_, index) => (file[index] < 0 ? "-" : `${table!.files[file[index]]}:${line[index]}`));
}

const oneFile: TestLineUnit["files"] = [
  ["a.c", 0],
  ["a.c", 0],
];

describe("the line number program", () => {
  it("rows cover the addresses up to the next row; the end of a sequence covers none", async () => {
    const program = new LineProgram().address(0x1000n).advance(0, 9).advance(4, 2).end(4);
    expect(await linesAt([{ files: oneFile, program }], [0xfffn, 0x1000n, 0x1003n, 0x1004n, 0x1007n, 0x1008n])).toEqual(
      ["-", "/build/a.c:10", "/build/a.c:10", "/build/a.c:12", "/build/a.c:12", "-"],
    );
    expect(image!.problem).toBeNull();
  });

  it("special opcodes, const_add_pc and fixed_advance_pc move as the standard says", async () => {
    const program = new LineProgram()
      .address(0x1000n)
      // Line +3: opcode = (3 - lineBase) + lineRange * 2 + opcodeBase.
      .u8(3 + 5 + 14 * 2 + 14)
      // const_add_pc moves as special opcode 255: (255 - 14) / 14 = 17.
      .u8(8)
      .row()
      .fixedAdvance(0x101)
      .row()
      .end(1);
    const rows = await linesAt([{ files: oneFile, program }], [0x1001n, 0x1002n, 0x1012n, 0x1013n, 0x1114n, 0x1115n]);
    expect(rows).toEqual(["-", "/build/a.c:4", "/build/a.c:4", "/build/a.c:4", "/build/a.c:4", "-"]);
  });

  it("advances are in units of the minimum instruction length", async () => {
    const program = new LineProgram().address(0x1000n).row().advance(1, 1).end(1);
    const unit = { files: oneFile, program, minimumInstructionLength: 4 };
    expect(await linesAt([unit], [0x1003n, 0x1004n, 0x1007n, 0x1008n])).toEqual([
      "/build/a.c:1",
      "/build/a.c:2",
      "/build/a.c:2",
      "-",
    ]);
  });

  it("of rows with one address the last one counts", async () => {
    const program = new LineProgram().address(0x1000n).row().advance(0, 5).advance(0, 5).end(4);
    expect(await linesAt([{ files: oneFile, program }], [0x1000n])).toEqual(["/build/a.c:11"]);
  });

  it("begins a function in its own file, also when code from another one was inlined at its first address", async () => {
    const twoFiles: TestLineUnit["files"] = [...oneFile, ["inlined.h", 0]];
    const inlined = (program: LineProgram): LineProgram => program.file(2).advance(0, 20).advance(0, 1);
    const program = inlined(new LineProgram().address(0x1000n).row().advance(0, 5)).advance(4, 0).end(4);
    const unit = { files: twoFiles, program };
    expect(await linesAt([unit], [0x1000n, 0x1004n])).toEqual(["/build/inlined.h:27", "/build/inlined.h:27"]);
    const table = (await image!.lines())!;
    const { file, line } = table.entriesMany(BigUint64Array.from([0x1000n, 0x1004n, 0x1008n]));
    expect([...file].map((number) => table.files[number]?.slice(-9))).toEqual(["build/a.c", "inlined.h", undefined]);
    expect([...line]).toEqual([1, 27, 0]);
  });

  it("skips what it does not know by its length or its operands", async () => {
    const program = new LineProgram()
      .address(0x1000n)
      .u8(0, 4, 0x80, 1, 2, 3) // an extended opcode of some vendor
      .u8(0, 2, 4, 7) // a discriminator
      .u8(13) // standard opcode 13, one operand
      .uleb(300)
      .u8(5)
      .uleb(9)
      .u8(6, 7, 10, 11, 12)
      .uleb(1)
      .row()
      .end(4);
    expect(await linesAt([{ files: oneFile, program }], [0x1000n])).toEqual(["/build/a.c:1"]);
    expect(image!.problem).toBeNull();
  });

  it("goes back inside a sequence, by another set_address too", async () => {
    const program = new LineProgram()
      .address(0x1010n)
      .row()
      .address(0x1000n)
      .advance(0, 4)
      .address(0x1018n)
      .advance(0, 1)
      .end(8);
    expect(await linesAt([{ files: oneFile, program }], [0xfffn, 0x1000n, 0x1010n, 0x1018n, 0x1020n])).toEqual([
      "-",
      "/build/a.c:5",
      "/build/a.c:1",
      "/build/a.c:6",
      "-",
    ]);
  });

  it.each([0n, 0xffffffffffffffffn, 0xfffffffffffffffen])("ignores what the linker dropped (%s)", async (tombstone) => {
    const program = new LineProgram().address(tombstone).row().end(0x2000).address(0x1000n).row().end(4);
    expect(await linesAt([{ files: oneFile, program }], [0n, 8n, 0x1000n, 0x1004n])).toEqual([
      "-",
      "-",
      "/build/a.c:1",
      "-",
    ]);
  });

  it("where sequences overlap the first one covers the shared addresses", async () => {
    const sequence = (start: bigint, line: number, length: number) =>
      new LineProgram().address(start).advance(0, line).end(length).finish();
    const program = new LineProgram()
      .bytes(sequence(0x1008n, 20, 16))
      .bytes(sequence(0x1000n, 10, 16))
      .bytes(sequence(0x1004n, 30, 4));
    const found = await linesAt([{ files: oneFile, program }], [0x1000n, 0x1004n, 0x1008n, 0x100fn, 0x1010n, 0x1018n]);
    expect(found.map((place) => place.split(":")[1] ?? "-")).toEqual(["11", "11", "11", "11", "21", "-"]);
  });

  it("keeps addresses of 64 bits apart", async () => {
    const text = { address: 0xffffffff80fffff0n, size: 0x100 };
    const program = new LineProgram().address(text.address).row().advance(0x10, 1).end(0x10);
    const addresses = [0x80fffff0n, 0xffffffff80fffff0n, 0xffffffff81000000n, 0xffffffff8100000fn, 0xfffffffe81000000n];
    expect(await linesAt([{ files: oneFile, program }], addresses, { text })).toEqual([
      "-",
      "/build/a.c:1",
      "/build/a.c:2",
      "/build/a.c:2",
      "-",
    ]);
  });

  it("reads big-endian 32-bit images", async () => {
    const program = new LineProgram(false).address(0xc0001000n, 4).row().fixedAdvance(0x102).advance(0, 1).end(4);
    const unit: TestLineUnit = { version: 3, littleEndian: false, files: [["a.c", 0]], program };
    const text = { address: 0xc0001000n, size: 0x1000 };
    const found = await linesAt([unit], [0xc0001101n, 0xc0001102n], { is64: false, littleEndian: false, text });
    expect(found).toEqual(["a.c:1", "a.c:2"]);
  });
});

describe("paths", () => {
  const program = () => new LineProgram().address(0x1000n).file(2).row().end(4);
  const pathOf = async (unit: Omit<TestLineUnit, "program">, moreSections: readonly TestSection[] = []) => {
    const [place] = await linesAt([{ ...unit, program: program() }], [0x1000n], { moreSections });
    return place.replace(/:1$/, "");
  };

  it("version 5: directory 0 is the compilation directory, others are below it unless absolute", async () => {
    const directories = ["/build/linux", "./include/../arch/x86", "/usr/include"];
    const files = (name: string, directory: number): TestLineUnit["files"] => [
      ["x.c", 0],
      ["x.c", 0],
      [name, directory],
    ];
    expect(await pathOf({ directories, files: files("a.h", 0) })).toBe("/build/linux/a.h");
    expect(await pathOf({ directories, files: files("a.h", 1) })).toBe("/build/linux/arch/x86/a.h");
    expect(await pathOf({ directories, files: files("a.h", 2) })).toBe("/usr/include/a.h");
    expect(await pathOf({ directories, files: files("/abs//a.h", 1) })).toBe("/abs/a.h");
    expect(await pathOf({ directories: ["debian/build", "../../mm"], files: files("a.h", 1) })).toBe("mm/a.h");
    expect(await pathOf({ directories: ["C:\\edk2", "D:/x"], files: files("a.h", 1) })).toBe("D:/x/a.h");
  });

  it("before version 5 the compilation directory comes from .debug_info", async () => {
    const files: TestLineUnit["files"] = [
      ["x.c", 0],
      ["a.h", 1],
    ];
    const unit = { version: 4 as const, directories: ["include"], files };
    expect(await pathOf(unit)).toBe("include/a.h");

    // One compile unit whose root entry has comp_dir (strp), a producer (string), a block and stmt_list.
    const abbreviations = new ByteWriter()
      .uleb(7)
      .uleb(0x11)
      .u8(1, 0x25, 0x08, 0x1b, 0x0e, 0x2f, 0x0a, 0x10, 0x17, 0, 0)
      .u8(0)
      .finish();
    const body = new ByteWriter().number(4, 2).number(0, 4).u8(8).uleb(7).string("a compiler");
    body.number(1, 4).u8(2, 0xee, 0xee).number(0, 4);
    const info = new ByteWriter().number(body.length, 4).bytes(body.finish()).finish();
    const sections = [
      { name: ".debug_info", content: info },
      { name: ".debug_abbrev", content: abbreviations },
      { name: ".debug_str", content: new ByteWriter().u8(0).string("/home/dev/linux").finish() },
    ];
    expect(await pathOf(unit, sections)).toBe("/home/dev/linux/include/a.h");
  });

  it("a file number that the unit does not have is no file", async () => {
    expect(await pathOf({ version: 4, files: [["x.c", 0]] })).toBe("-");
    expect(await pathOf({ version: 5, files: oneFile })).toBe("-");
  });

  it("define_file adds a file", async () => {
    const define = new ByteWriter().string("late.c").uleb(0).uleb(0).uleb(0).finish();
    const late = new LineProgram()
      .address(0x1000n)
      .u8(0)
      .uleb(define.length + 1)
      .u8(3)
      .bytes(define);
    late.file(2).row().end(4);
    expect(await linesAt([{ version: 3, files: [["x.c", 0]], program: late }], [0x1000n])).toEqual(["late.c:1"]);
  });
});

describe("damage", () => {
  const good: TestLineUnit = { files: oneFile, program: new LineProgram().address(0x1000n).row().end(4) };

  it("a unit of an unknown version is left out and named, the others stay", async () => {
    const bad = lineUnit(good);
    bad[4] = 9;
    const content = Buffer.concat([bad, lineUnit(good)]);
    image = await openImage(writeElf({ sections: [{ name: ".debug_line", content }] }));
    const table = await image.lines();
    expect(table!.lookupMany(BigUint64Array.of(0x1000n)).line[0]).toBe(1);
    expect(image.problem).toBe(".debug_line is damaged at offset 0x4: version 9 is not known.");
  });

  it("a program that is cut keeps the rows before the cut", async () => {
    const program = new LineProgram().address(0x1000n).row().advance(4, 1).advance(4, 1);
    expect(await linesAt([{ files: oneFile, program }], [0x1000n, 0x1004n, 0x1008n])).toEqual([
      "/build/a.c:1",
      "/build/a.c:2",
      "-",
    ]);
    expect(image!.problem).toMatch(/\.debug_line is damaged at offset 0x[0-9a-f]+: a sequence does not end\./);
  });

  it("a line range of 0 is damage, not a division", async () => {
    expect(await linesAt([{ ...good, lineRange: 0 }, good], [0x1000n])).toEqual(["/build/a.c:1"]);
    expect(image!.problem).toContain("line range is 0");
  });

  it("names how many more problems there are", async () => {
    await linesAt([{ ...good, lineRange: 0 }, { ...good, lineRange: 0 }, good], [0x1000n]);
    expect(image!.problem).toContain("(and 1 more)");
  });
});
