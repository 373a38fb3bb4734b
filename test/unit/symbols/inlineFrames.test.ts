import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ElfFile } from "../../../src/symbols/elf/elfFile";
import { openImage } from "../../../src/symbols/image";
import type { ImageSymbols, InlineFrames } from "../../../src/symbols/types";
import { temporaryFile, writeElf } from "./elfBuilder";
import { LineProgram, lineUnit } from "./lineBuilder";

const folder = path.resolve(import.meta.dirname, "../../fixtures/symbols");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".frames"))
  .map((name) => name.slice(0, -7));

let image: ImageSymbols | undefined;
afterEach(() => image?.close());

/** "function file:line" of each frame of address number `index`, as the fixtures have them. */
function framesAt(frames: InlineFrames, index: number): string {
  const texts: string[] = [];
  for (let frame = frames.first[index]; frame < frames.first[index + 1]; frame++) {
    const name = frames.name[frame] < 0 ? "??" : frames.names[frames.name[frame]];
    const line = frames.line[frame] === 0 ? "??:?" : `${frames.files[frames.file[frame]]}:${frames.line[frame]}`;
    texts.push(`${name} ${line}`);
  }
  return texts.join(" ");
}

describe.each(names)("%s", (name) => {
  it("has the chains of inlined calls that addr2line -i gives", async () => {
    image = await openImage(path.join(folder, `${name}.elf`));
    const rows = readFileSync(path.join(folder, `${name}.frames`), "utf8")
      .trim()
      .split("\n");
    const expected = rows
      .map((row) => ({ address: BigInt(`0x${row.split(" ")[0]}`), chain: row.slice(row.indexOf(" ") + 1) }))
      // Between functions addr2line names the one before.
      .filter(({ chain }) => !/^\S+ \S+:\?$/.test(chain));
    expect(expected.length).toBeGreaterThan(15);
    const frames = await image.inlineFramesMany(BigUint64Array.from(expected, ({ address }) => address));
    const found = expected.map(({ address }, index) => ({ address, chain: framesAt(frames!, index) }));
    expect(found).toEqual(expected);
    expect(frames!.problem).toBeNull();
    expect(expected.some(({ chain }) => chain.split(" ").length === 6)).toBe(true);
  });
});

it("gives one frame with the symbol's name where there is no debug information", async () => {
  const program = new LineProgram().address(0x1000n).row().end(8);
  const content = lineUnit({
    files: [
      ["a.c", 0],
      ["a.c", 0],
    ],
    program,
  });
  const symbols = [{ name: "start", address: 0x1000n, size: 8 }];
  const abbreviations = { name: ".debug_abbrev", content: Uint8Array.of(0) };
  const info = { name: ".debug_info", content: new Uint8Array(4) };
  const lines = { name: ".debug_line", content };
  image = await openImage(writeElf({ symbols, sections: [lines, abbreviations, info] }));
  const frames = await image.inlineFramesMany(BigUint64Array.of(0x1000n, 0x2000n));
  expect([0, 1].map((index) => framesAt(frames!, index))).toEqual(["start /build/a.c:1", "?? ??:?"]);

  image.close();
  image = await openImage(writeElf({ symbols, sections: [lines] }));
  expect(await image.inlineFramesMany(BigUint64Array.of(0x1000n))).toBeNull();
});

it("says when debug information is damaged, and keeps the names of the symbol table", async () => {
  const path5 = path.join(folder, "dwarf5.elf");
  const bytes = readFileSync(path5);
  image = await openImage(path5);
  const address = image.addressOf("ring_advance")!;
  const file = await ElfFile.open(path5);
  const section = file.section(".debug_info")!;
  await file.close();
  // Behind the headers and roots of the first units: no abbreviation has the number of these bytes.
  bytes.fill(0x7f, section.offset + 0xa0, section.offset + section.size);
  image.close();
  image = await openImage(temporaryFile(bytes));
  const frames = await image.inlineFramesMany(BigUint64Array.of(address));
  expect(framesAt(frames!, 0)).toBe("ring_advance /src/ring/ring.c:18");
  expect(frames!.problem).toMatch(/\.debug_info is damaged at offset 0x[0-9a-f]+/);
});
