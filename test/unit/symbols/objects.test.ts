import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { ElfFile } from "../../../src/symbols/elf/elfFile";
import { openImage } from "../../../src/symbols/image";
import { ByteWriter, writeElf, type TestElf } from "./elfBuilder";

const [relocatable, executable] = [1, 2];
const [x86_64, i386, arm, aarch64, riscv64] = [62, 3, 40, 183, 243];
const [rel, rela] = [9, 4];
const code = 6;
/** Sections 4 and 5 of the files below: .debug_info and its relocations. */
const debugSection = 4;

let file: ElfFile | undefined;
afterEach(() => file?.close());

interface Relocation {
  place: number;
  type: number;
  symbol: number;
  addend?: bigint;
}

/** An object with .text of 0x40 bytes and, as symbols: 1 `start` at .text+0x10, 2 undefined, 3 .debug_info. */
function object(content: Uint8Array, relocations: readonly Relocation[], options: TestElf = {}): TestElf {
  const table = new ByteWriter(options.littleEndian);
  for (const { place, type, symbol, addend = 0n } of relocations) {
    table.number(place, 8).number((BigInt(symbol) << 32n) | BigInt(type), 8);
    table.number(BigInt.asUintN(64, addend), 8);
  }
  return {
    type: relocatable,
    text: { address: 0n, size: 0x40 },
    symbols: [
      { name: "start", address: 0x10n, size: 8 },
      { name: "elsewhere", address: 0n, section: 0 },
      { name: "", address: 0n, type: 3, local: true, section: debugSection },
    ],
    sections: [
      { name: ".debug_info", content },
      { name: ".rela.debug_info", type: rela, content: table.finish(), link: 2, info: debugSection, entrySize: 24 },
    ],
    ...options,
  };
}

async function relocated(elf: TestElf): Promise<number[]> {
  file = await ElfFile.open(writeElf(elf));
  return [...(await file.readSection(file.section(".debug_info")!))];
}

describe("the sections of an object", () => {
  it("lie one behind the other, code first and code for initialisation behind it, as they are aligned", async () => {
    const content = new Uint8Array(0x18);
    const sections = [
      { name: ".init.text", flags: code, content },
      { name: ".data", flags: 3, content, alignment: 64 },
      { name: ".exit.text", flags: code, content, alignment: 16 },
      { name: ".comment", content },
    ];
    const symbols = [
      { name: "start", address: 0x4n },
      { name: "init", address: 0n, section: 4 },
      { name: "datum", address: 0n, section: 5, type: 1 },
      { name: "leave", address: 0x8n, section: 6 },
    ];
    const text = { address: 0n, size: 0x21 };
    const image = await openImage(writeElf({ type: relocatable, text, symbols, sections }));
    expect(image.isLinked).toBe(false);
    expect(["start", "leave", "init", "datum"].map((name) => image.addressOf(name))).toEqual([
      0x4n,
      0x38n,
      0x48n,
      0x80n,
    ]);
    expect(Array.from(image.lookupMany(BigUint64Array.of(0x5n, 0x38n, 0x48n, 0x80n)))).toEqual([0, 1, 2, -1]);
    image.close();
  });
});

describe("relocations", () => {
  it("put addresses in x86_64's debug information", async () => {
    const relocations = [
      { place: 0, type: 1, symbol: 1, addend: 0x2345n },
      { place: 8, type: 10, symbol: 1, addend: -1n },
      { place: 12, type: 2, symbol: 3, addend: 0x20n },
      { place: 16, type: 1, symbol: 2, addend: 0x30n },
      { place: 0x17, type: 1, symbol: 1 },
    ];
    const content = new Uint8Array(0x18).fill(0x55);
    expect(await relocated(object(content, relocations))).toEqual([
      ...[0x55, 0x23, 0, 0, 0, 0, 0, 0],
      ...[0x0f, 0, 0, 0],
      ...[0x14, 0, 0, 0],
      // What is not in the object is where no code is. The last one does not fit in and is left out.
      ...[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]);
  });

  it("put addresses in aarch64's debug information, of either byte order", async () => {
    const relocations = [
      { place: 0, type: 257, symbol: 1, addend: 1n },
      { place: 8, type: 258, symbol: 3, addend: 0x102n },
    ];
    const elf = (littleEndian: boolean) => object(new Uint8Array(12), relocations, { machine: aarch64, littleEndian });
    expect(await relocated(elf(true))).toEqual([0x11, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0]);
    await file?.close();
    expect(await relocated(elf(false))).toEqual([0, 0, 0, 0, 0, 0, 0, 0x11, 0, 0, 1, 2]);
  });

  it("add up to distances in riscv64's debug information", async () => {
    const pair = (place: number, add: number, subtract: number) => [
      { place, type: add, symbol: 1, addend: 0x123n },
      { place, type: subtract, symbol: 1, addend: 0x3n },
    ];
    const relocations = [
      ...pair(0, 36, 40),
      ...pair(8, 35, 39),
      ...pair(12, 34, 38),
      ...pair(14, 33, 37),
      ...pair(15, 60, 61),
    ];
    const content = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 4, 0x80, 0x80, 0);
    expect(await relocated(object(content, relocations, { machine: riscv64 }))).toEqual([
      ...[0x21, 1, 0, 0, 0, 0, 0, 0],
      ...[0x22, 1, 0, 0],
      ...[0x23, 1],
      0x24,
      ...[0xa0, 0x82, 0],
    ]);
  });

  it.each([
    ["i386", i386, [1, 2, 22], true],
    ["arm", arm, [2, 3, 8], true],
    ["arm of the other byte order", arm, [2, 3, 8], false],
  ] as const)(
    "add to what stands at their places in %s's debug information",
    async (_, machine, types, littleEndian) => {
      const [set, relative, byte] = types;
      const content = new ByteWriter(littleEndian).number(0x20, 4).number(0x104, 4).number(0xff, 1).number(7, 3);
      const table = new ByteWriter(littleEndian);
      // The symbols: 1 is `start`, at 0x10.
      for (const [place, type] of [
        [0, set],
        [4, relative],
        [8, byte],
        [10, set],
      ])
        table.number(place, 4).number((1 << 8) | type, 4);
      const sections = [
        { name: ".debug_info", content: content.finish() },
        { name: ".rel.debug_info", type: rel, content: table.finish(), link: 2, info: debugSection, entrySize: 8 },
      ];
      const elf = object(new Uint8Array(0), [], { is64: false, machine, littleEndian, sections });
      // The last one does not fit in and is left out.
      const expected = new ByteWriter(littleEndian).number(0x30, 4).number(0x110, 4).number(0xf, 1).number(7, 3);
      expect(await relocated(elf)).toEqual([...expected.finish()]);
    },
  );

  it("are not applied to a linked image, which was linked with them", async () => {
    const content = Uint8Array.of(1, 2, 3, 4);
    const relocations = [{ place: 0, type: 35, symbol: 1 }];
    expect(await relocated(object(content, relocations, { machine: riscv64, type: executable }))).toEqual([1, 2, 3, 4]);
  });

  it.each<[string, TestElf, string]>([
    ["a relocation that is not known", object(new Uint8Array(8), [{ place: 0, type: 99, symbol: 1 }]), "unsupported"],
    ["a machine whose relocations are not known", object(new Uint8Array(8), [], { machine: arm }), "unsupported"],
    ["a symbol that is not there", object(new Uint8Array(8), [{ place: 0, type: 1, symbol: 4 }]), "damaged"],
  ])("refuse %s", async (_, elf, problem) => {
    await expect(relocated(elf)).rejects.toMatchObject({ code: problem });
  });

  it("of any bytes give the section, or are refused", async () => {
    const anyMachine = fc.constantFrom(x86_64, aarch64, riscv64);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), anyMachine, async (bytes, machine) => {
        const elf = object(new Uint8Array(16), [], { machine });
        elf.sections![1].content = bytes;
        try {
          expect(await relocated(elf)).toHaveLength(16);
        } catch (error) {
          if (!(error instanceof BootscopeError)) throw error;
        } finally {
          await file?.close();
        }
      }),
      { numRuns: 200 },
    );
  });
});
