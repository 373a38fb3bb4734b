import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { guestAddress } from "../../../src/protocol/units";
import { ReusedBytes } from "../../../src/symbols/byteSource";
import { listLineUnits } from "../../../src/symbols/dwarf/lineHeader";
import { ElfFile } from "../../../src/symbols/elf/elfFile";
import { SectionBytes } from "../../../src/symbols/elf/sectionBytes";
import { openImage } from "../../../src/symbols/image";
import { buildElf, temporaryFile } from "./elfBuilder";
import { LineProgram, lineUnit } from "./lineBuilder";

const fixture = (name: string) => readFileSync(path.resolve(import.meta.dirname, `../../fixtures/symbols/${name}.elf`));
const addresses = BigUint64Array.of(0n, 0x400150n, 0x400190n, 0x4001c4n, 0xffffffffffffffffn);

/** Asks everything of an image. Only a BootscopeError may be thrown. What hangs ends by the runner's own limit. */
async function askEverything(bytes: Uint8Array): Promise<"opened" | "refused"> {
  try {
    const image = await openImage(temporaryFile(bytes));
    try {
      const table = await image.lines();
      table?.lookupMany(addresses);
      const found = image.lookupMany(addresses);
      const frames = await image.inlineFramesMany(addresses);
      if (frames) for (const name of frames.name) expect(name).toBeLessThan(frames.names.length);
      for (const index of found) expect(index).toBeLessThan(image.functions.count);
      image.addressOf("halt");
      image.read(guestAddress(0x400150n), 64);
      for (const parent of image.functions.parent) expect(parent).toBeLessThan(image.functions.count);
    } finally {
      image.close();
    }
    return "opened";
  } catch (error) {
    if (!(error instanceof BootscopeError)) throw error;
    expect(error.message).not.toBe("");
    return "refused";
  }
}

describe.each(["dwarf2", "dwarf5", "zlib"])("%s", (name) => {
  const whole = fixture(name);

  it("cut at any byte is refused, because its section headers are at its end", async () => {
    for (let length = 0; length < whole.length; length += 13) {
      expect(await askEverything(whole.subarray(0, length))).toBe("refused");
    }
    expect(await askEverything(whole)).toBe("opened");
  });

  it("with any bytes changed opens or is refused", async () => {
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const { at, to } of changes) bytes[at] = to;
        await askEverything(bytes);
      }),
      { numRuns: 150 },
    );
  });

  it("with noise in its debug sections keeps its functions", async () => {
    const file = await ElfFile.open(temporaryFile(whole));
    const debug = file.sections.filter((section) => section.name.startsWith(".debug_"));
    await file.close();
    const noise = fc.record({
      section: fc.nat(debug.length - 1),
      at: fc.nat(300),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const change of changes) {
          const { offset, size } = debug[change.section];
          const at = Math.min(change.at, size);
          bytes.set(change.bytes.subarray(0, size - at), offset + at);
        }
        expect(await askEverything(bytes)).toBe("opened");
        const image = await openImage(temporaryFile(bytes));
        expect(image.functions.count).toBe(6);
        image.close();
      }),
      { numRuns: 150 },
    );
  });
});

it("any bytes as .debug_line are a table or a problem", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(2, 3, 4, 5), async (noise, version) => {
      const unit = Buffer.concat([Uint8Array.of(noise.length + 2, noise.length >> 8, 0, 0, version, 0), noise]);
      const bytes = buildElf({ sections: [{ name: ".debug_line", content: unit }] });
      expect(await askEverything(bytes)).toBe("opened");
    }),
    { numRuns: 300 },
  );
});

describe("absurd sizes", () => {
  it("more line tables than any program has are left out", async () => {
    // Each is a length of 2, and version 4.
    const content = Buffer.alloc(6 * ((1 << 17) + 1));
    for (let at = 0; at < content.length; at += 6) content.set([2, 0, 0, 0, 4, 0], at);
    const file = await ElfFile.open(temporaryFile(buildElf({ sections: [{ name: ".debug_line", content }] })));
    const section = await SectionBytes.open(file, ".debug_line");
    const { units, problem } = listLineUnits(section!, new ReusedBytes());
    expect(units).toHaveLength(1 << 17);
    expect(problem).toBe(".debug_line has more than 131072 units: what the others hold is missing.");
    await file.close();
  });

  it("a compressed section that promises gigabytes is damage", async () => {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(1, 0);
    header.writeBigUInt64LE(1n << 50n, 8);
    const image = await openImage(
      temporaryFile(buildElf({ sections: [{ name: ".debug_line", flags: 0x800, content: header }] })),
    );
    expect(await image.lines()).toBeNull();
    expect(image.problem).toMatch(/Section \.debug_line \(file offset 0x[0-9a-f]+\) says to be 1125899906842624 bytes/);
    image.close();
  });

  it("a table of names with a billion entries without bytes is damage", async () => {
    // Version 5: no columns of a directory entry, 2^30 directories.
    const head = Uint8Array.of(8, 0, 40, 0, 0, 0, 1, 1, 1, 0, 14, 14, ...new Array<number>(13).fill(0));
    const unit = Buffer.concat([head, Uint8Array.of(0, 0x80, 0x80, 0x80, 0x80, 4), new Uint8Array(32)]);
    const length = Buffer.alloc(6);
    length.writeUInt32LE(unit.length + 2, 0);
    length.writeUInt16LE(5, 4);
    const content = Buffer.concat([length, unit]);
    const image = await openImage(temporaryFile(buildElf({ sections: [{ name: ".debug_line", content }] })));
    await image.lines();
    expect(image.problem).toContain("a table of names has 1073741824 entries");
    image.close();
  });
});

describe("a symbol table that the end of the file cuts", () => {
  it("keeps its whole entries, and says what is missing", async () => {
    const bytes = Buffer.from(buildElf({ symbols: [{ name: "main", address: 0x1000n, size: 16 }] }));
    const symtab = Number(bytes.readBigUInt64LE(0x28)) + 2 * 64;
    const offset = bytes.readBigUInt64LE(symtab + 0x18);
    bytes.writeBigUInt64LE(BigInt(bytes.length) - offset + 24n, symtab + 0x20);
    const image = await openImage(temporaryFile(bytes));
    expect(image.lookupMany(BigUint64Array.of(0x1000n))[0]).toBeGreaterThanOrEqual(0);
    expect(image.problem).toMatch(/^The file ends before its section \.symtab does: 24 of \d+ bytes are missing\.$/);
    image.close();
  });
});

describe("a damaged .gnu_debugdata", () => {
  /** A stripped program whose symbols for dynamic linking are those of the builder. */
  function stripped(content: Uint8Array): Uint8Array {
    const symbols = [{ name: "main", address: 0x1000n, size: 16 }];
    const lines = lineUnit({ files: [["a.c", 0]], program: new LineProgram().address(0x1000n).row().end(4) });
    const sections = [
      { name: ".gnu_debugdata", content },
      { name: ".debug_line", content: lines },
    ];
    const bytes = Buffer.from(buildElf({ symbols, sections }));
    const name = bytes.lastIndexOf(".symtab\0");
    bytes.write(".dynsym\0", name, "latin1");
    return bytes;
  }

  it("keeps the other symbols, and says which section it is", async () => {
    const cutXz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46);
    for (const content of [new Uint8Array(0), Buffer.from("no xz at all, but long enough"), cutXz]) {
      const image = await openImage(temporaryFile(stripped(content)));
      expect(image.functions.count).toBe(1);
      await image.lines();
      expect(image.problem).toMatch(/^Section \.gnu_debugdata cannot be read: /);
      image.close();
    }
  });

  it("is any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (content) => {
        expect(await askEverything(stripped(content))).toBe("opened");
      }),
      { numRuns: 50 },
    );
  });
});
