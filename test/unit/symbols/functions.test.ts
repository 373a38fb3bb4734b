import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { sourceName } from "../../../src/symbols/functionPieces";
import { openImage } from "../../../src/symbols/image";
import type { FunctionIndex, ImageSymbols } from "../../../src/symbols/types";
import { writeElf, type TestElf, type TestSymbol } from "./elfBuilder";

let image: ImageSymbols | undefined;
afterEach(() => image?.close());

async function open(symbols: readonly TestSymbol[], options: TestElf = {}): Promise<ImageSymbols> {
  image?.close();
  return (image = await openImage(writeElf({ ...options, symbols })));
}

/** The function's name at each address; "-" for none. */
function namesAt(image: ImageSymbols, ...addresses: bigint[]): string[] {
  const found = image.lookupMany(BigUint64Array.from(addresses));
  return Array.from(found, (index) => (index < 0 ? "-" : image.functions.name(index as FunctionIndex)));
}

function namesOf({ functions }: ImageSymbols): string[] {
  return Array.from({ length: functions.count }, (_, index) => functions.name(index as FunctionIndex));
}

const notype = 0;

describe("which name an address gets", () => {
  it.each<[string, TestSymbol[], string]>([
    [
      "a symbol with a size before one without",
      [
        { name: "a", address: 0x1000n, type: notype },
        { name: "b", address: 0x1000n, size: 16, local: true },
      ],
      "b",
    ],
    [
      "global before local",
      [
        { name: "a", address: 0x1000n, size: 16, local: true },
        { name: "bb", address: 0x1000n, size: 16 },
      ],
      "bb",
    ],
    [
      "fewer leading underscores",
      [
        { name: "__memcpy", address: 0x1000n, size: 16 },
        { name: "memcpy_original", address: 0x1000n, size: 16 },
      ],
      "memcpy_original",
    ],
    [
      "no padding symbols",
      [
        { name: "__pfx_f", address: 0x1000n, size: 16 },
        { name: "__f", address: 0x1000n, size: 16, local: true },
      ],
      "__f",
    ],
    [
      "then the shorter, then the first by alphabet",
      [
        { name: "bcd", address: 0x1000n, size: 16 },
        { name: "bc", address: 0x1000n, size: 16 },
        { name: "ab", address: 0x1000n, size: 16 },
      ],
      "ab",
    ],
  ])("%s", async (_, symbols, expected) => {
    expect(namesOf(await open(symbols))).toEqual([expected]);
    expect(namesOf(await open([...symbols].reverse()))).toEqual([expected]);
  });

  it("takes the extent of the longest alias", async () => {
    const opened = await open([
      { name: "short", address: 0x1000n, size: 4 },
      { name: "long_alias", address: 0x1000n, size: 16 },
    ]);
    expect(namesAt(opened, 0x1000n, 0x100fn, 0x1010n)).toEqual(["short", "short", "-"]);
  });
});

describe("what is a function", () => {
  it("only functions and labels in sections of code", async () => {
    const opened = await open(
      [
        { name: "function", address: 0x1000n, size: 8 },
        { name: "label", address: 0x1010n, type: notype },
        { name: "object", address: 0x1020n, type: 1, size: 4 },
        { name: "a_section", address: 0x1000n, type: 3 },
        { name: "a_file.c", address: 0n, type: 4, local: true, section: 0xfff1 },
        { name: "absolute", address: 0x1030n, type: notype, section: 0xfff1 },
        { name: "undefined", address: 0n, section: 0 },
        { name: "per_cpu", address: 0x1040n, type: notype, section: 4 },
        { name: "outside", address: 0x9000n },
        { name: ".Llocal", address: 0x1050n, type: notype, local: true },
        { name: "__text_end", address: 0x1060n, type: notype },
        { name: "", address: 0x1070n },
      ],
      { sections: [{ name: ".data..percpu", flags: 2, content: new Uint8Array(16) }] },
    );
    expect(namesOf(opened)).toEqual(["function", "label"]);
    expect(opened.addressOf("object")).toBe(0x1020n);
    expect(opened.addressOf("per_cpu")).toBe(0x1040n);
    expect(opened.addressOf("undefined")).toBeNull();
    expect(opened.addressOf("funct")).toBeNull();
  });

  it("finds a name that ends another one in the string table", async () => {
    const opened = await open([{ name: "do_idle", address: 0x1000n, size: 8 }]);
    expect(opened.addressOf("idle")).toBeNull();
    expect(opened.addressOf("do_idle")).toBe(0x1000n);
  });

  it("a label without a size goes on to the next symbol, else to the end of the section", async () => {
    const opened = await open([
      { name: "first", address: 0x1000n, type: notype },
      { name: "second", address: 0x1800n, type: notype },
    ]);
    expect(namesAt(opened, 0xfffn, 0x1000n, 0x17ffn, 0x1800n, 0x1fffn, 0x2000n)).toEqual([
      "-",
      "first",
      "first",
      "second",
      "second",
      "-",
    ]);
  });

  it("labels inside a sized function are no functions; sized ones inside it are", async () => {
    const opened = await open([
      { name: "outer", address: 0x1000n, size: 0x100 },
      { name: "label", address: 0x1010n, type: notype },
      { name: "inner", address: 0x1020n, size: 0x10 },
      { name: "overlapping", address: 0x10f0n, size: 0x20 },
    ]);
    expect(namesAt(opened, 0x1010n, 0x1020n, 0x102fn, 0x1030n, 0x10f0n, 0x110fn, 0x1110n)).toEqual([
      "outer",
      "inner",
      "inner",
      "outer",
      "overlapping",
      "overlapping",
      "-",
    ]);
  });

  it("ARM: the Thumb bit is no part of an address, mapping symbols are no labels", async () => {
    const opened = await open(
      [
        { name: "thumb", address: 0x1001n, size: 8 },
        { name: "$t", address: 0x1000n, type: notype, local: true },
        { name: "$d.1", address: 0x1008n, type: notype, local: true },
      ],
      { machine: 40, is64: false },
    );
    expect(opened.machine).toBe("arm");
    expect(namesOf(opened)).toEqual(["thumb"]);
    expect(opened.functions.address[0]).toBe(0x1000n);
  });

  it.each([
    { is64: false, littleEndian: true, machine: 3, name: "i386" },
    { is64: false, littleEndian: false, machine: 20, name: "other" },
    { is64: true, littleEndian: false, machine: 183, name: "aarch64" },
    { is64: true, littleEndian: true, machine: 243, name: "riscv64" },
  ])("reads class and byte order: $name, big-endian $littleEndian", async ({ name, ...options }) => {
    const address = options.is64 ? 0xffffffff81000000n : 0xc0000000n;
    const opened = await open([{ name: "start", address: address + 4n, size: 8 }], {
      ...options,
      text: { address, size: 64 },
    });
    expect(opened.machine).toBe(name);
    expect(namesAt(opened, address + 3n, address + 4n, address + 11n, address + 12n)).toEqual([
      "-",
      "start",
      "start",
      "-",
    ]);
  });
});

describe("pieces that the compiler split off", () => {
  const file = (name: string): TestSymbol => ({ name, address: 0n, type: 4, local: true, section: 0xfff1 });
  const at = (name: string, address: number, local = true): TestSymbol => {
    return { name, address: BigInt(address), size: 8, local };
  };

  async function parents(symbols: readonly TestSymbol[]): Promise<Record<string, bigint>> {
    const { functions } = await open(symbols);
    return Object.fromEntries(
      namesOf(image!).map((name, index) => [
        `${name}@${functions.address[index].toString(16)}`,
        functions.address[functions.parent[index]],
      ]),
    );
  }

  it("belong to their function: .cold, .part, pieces of pieces and copies", async () => {
    const found = await parents([
      file("a.c"),
      at("f", 0x1000),
      at("f.cold", 0x1800),
      at("f.part.0", 0x1010),
      at("f.part.0.cold", 0x1810),
      at("g.isra.0", 0x1020),
      at("g.isra.0.cold", 0x1820),
      at("h.constprop.0", 0x1030),
      at("gone.part.1", 0x1040),
      at("h.cold.17", 0x1830),
      at("h", 0x1050, false),
    ]);
    expect(found).toEqual({
      "f@1000": 0x1000n,
      "f.part.0@1010": 0x1000n,
      "f.cold@1800": 0x1000n,
      "f.part.0.cold@1810": 0x1000n,
      "g.isra.0@1020": 0x1020n,
      "g.isra.0.cold@1820": 0x1020n,
      "h.constprop.0@1030": 0x1050n,
      "gone.part.1@1040": 0x1040n,
      "h@1050": 0x1050n,
      "h.cold.17@1830": 0x1050n,
    });
  });

  it("go to the function of their own file where several have the name", async () => {
    const found = await parents([
      file("a.c"),
      at("probe", 0x1000),
      at("probe.cold", 0x1800),
      file("b.c"),
      at("probe", 0x1010),
      at("probe.cold", 0x1810),
      file("c.c"),
      at("probe.cold", 0x1820),
      at("probe", 0x1020, false),
    ]);
    expect(found["probe.cold@1800"]).toBe(0x1000n);
    expect(found["probe.cold@1810"]).toBe(0x1010n);
    expect(found["probe.cold@1820"]).toBe(0x1020n);
  });

  it("keep copies of different files apart, and count those of one file together", async () => {
    const found = await parents([
      file("a.c"),
      at("probe.isra.0", 0x1000),
      at("probe.constprop.0", 0x1010),
      at("probe.part.0.isra.0", 0x1020),
      at("probe.part.0.isra.0.cold", 0x1800),
      file("b.c"),
      at("probe.isra.0", 0x1100),
      file("c.c"),
      at("probe", 0x1200),
    ]);
    expect(found).toEqual({
      "probe.isra.0@1000": 0x1000n,
      "probe.constprop.0@1010": 0x1000n,
      "probe.part.0.isra.0@1020": 0x1000n,
      "probe.part.0.isra.0.cold@1800": 0x1000n,
      "probe.isra.0@1100": 0x1100n,
      "probe@1200": 0x1200n,
    });
  });

  it("go to a global function only where the places of both are in one unit", async () => {
    const symbols = (order: number[]) => [
      file("a.c"),
      at("f.constprop.0", order[0]),
      file("b.c"),
      at("other", order[1]),
      at("f", order[2], false),
    ];
    const copy = async (...order: number[]) =>
      (await parents(symbols(order)))[`f.constprop.0@${order[0].toString(16)}`];
    expect(await copy(0x1000, 0x1020, 0x1010)).toBe(0x1010n);
    expect(await copy(0x1010, 0x1020, 0x1000)).toBe(0x1000n);
    expect(await copy(0x1000, 0x1010, 0x1020)).toBe(0x1000n);
    expect(await copy(0x1020, 0x1010, 0x1000)).toBe(0x1020n);
  });

  it("are never joined by what link-time optimisation calls different functions", async () => {
    const found = await parents([
      file("ltrans0"),
      at("f", 0x1000),
      at("f.lto_priv.0", 0x1010),
      at("f.lto_priv.0.isra.0", 0x1020),
      at("f.lto_priv.1.isra.0", 0x1030),
      at("f.llvm.123", 0x1040),
      at("f.llvm.123.cold", 0x1800),
    ]);
    expect(found).toEqual({
      "f@1000": 0x1000n,
      "f.lto_priv.0@1010": 0x1010n,
      "f.lto_priv.0.isra.0@1020": 0x1010n,
      "f.lto_priv.1.isra.0@1030": 0x1030n,
      "f.llvm.123@1040": 0x1040n,
      "f.llvm.123.cold@1800": 0x1040n,
    });
  });

  it.each([
    ["f.part.0.isra.0", "f"],
    ["f.isra.0.cold", "f"],
    ["f.cold.12", "f"],
    ["f.__uniq.123.llvm.456", "f"],
    ["f.lto_priv.0.constprop.1", "f"],
    ["f.cold.text", "f.cold.text"],
    ["f.isra", "f.isra"],
    [".cold", ".cold"],
    ["Foo::part", "Foo::part"],
  ])("%s is called %s in the source", (raw, source) => {
    expect(sourceName(raw)).toBe(source);
  });
});

it("agrees with a plain search for any overlapping functions", async () => {
  const symbol = fc.record({ start: fc.integer({ min: 0, max: 60 }), size: fc.integer({ min: 1, max: 20 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(symbol, { maxLength: 12 }), async (random) => {
      const distinct = [...new Map(random.map((one) => [one.start, one])).values()].sort((a, b) => a.start - b.start);
      const opened = await open(
        distinct.map(({ start, size }) => ({ name: `f${start}`, address: 0x1000n + BigInt(start), size })),
      );
      const addresses = Array.from({ length: 90 }, (_, offset) => 0x1000n + BigInt(offset));
      const expected = addresses.map((_, offset) => {
        const inside = distinct.filter(({ start, size }) => start <= offset && offset < start + size);
        return inside.length === 0 ? "-" : `f${inside.at(-1)!.start}`;
      });
      expect(namesAt(opened, ...addresses)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});
