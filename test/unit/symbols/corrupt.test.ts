/** Damage of each kind that debug information can have: it names the section and the place in it, and costs nothing else. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openImage } from "../../../src/symbols/image";
import type { FunctionIndex, ImageSymbols, InlineFrames } from "../../../src/symbols/types";
import { buildElf, ByteWriter, temporaryFile } from "./elfBuilder";
import { LineProgram, lineUnit } from "./lineBuilder";

let image: ImageSymbols | undefined;
/** What was wrong with the debug information that `framesOf` asked last. */
let problem: string | null;
afterEach(() => image?.close());

const start = 0x1000n;
const symbols = [{ name: "start", address: start, size: 16 }];
/** Of the standard (version 4): tags and forms that the units below have. */
const tag = { unit: 0x11, subprogram: 0x2e, inlined: 0x1d } as const;
const form = { addr: 0x01, string: 0x08, data1: 0x0b, data4: 0x06, ref4: 0x13, offset: 0x17 } as const;

/** The abbreviations 1 (the unit), 2 (a function), 3 (an inlined call) and 4 (an entry that refers to another). */
function abbreviations(nameForm: number = form.string): Uint8Array {
  return new ByteWriter()
    .u8(1, tag.unit, 1, 0x11, form.addr, 0x12, form.data4, 0x10, form.offset, 0, 0)
    .u8(2, tag.subprogram, 1, 0x11, form.addr, 0x12, form.data4, 0x03)
    .uleb(nameForm)
    .u8(0, 0)
    .u8(3, tag.inlined, 0, 0x31, form.ref4, 0x11, form.addr, 0x12, form.data4, 0x59, form.data1, 0, 0)
    .u8(4, tag.subprogram, 0, 0x31, form.ref4, 0, 0)
    .u8(0)
    .finish();
}

const unitHeadBytes = 11;
/** Offsets of the two entries that refer to each other, behind the unit's root. */
const [one, two] = [unitHeadBytes + 17, unitHeadBytes + 17 + 5];

/**
 * A unit of version 4 with `start`, in whose first 8 bytes something is inlined whose origin is the entry at `one`: `start` itself, or
 * the first of the entries with these origins.
 */
function debugInfo({ origins = [] as number[], length = 0, code = 3 } = {}): Uint8Array {
  const entries = new ByteWriter().u8(1).number(start, 8).number(16, 4).number(0, 4);
  for (const origin of origins) entries.u8(4).number(origin, 4);
  entries.u8(2).number(start, 8).number(16, 4).string("start");
  entries.u8(code).number(one, 4).number(start, 8).number(8, 4).u8(7);
  entries.u8(0, 0);
  const body = entries.finish();
  const head = new ByteWriter().number(length === 0 ? body.length + unitHeadBytes - 4 : length, 4);
  return head.number(4, 2).number(0, 4).u8(8).bytes(body).finish();
}

async function framesOf(info: Uint8Array, abbreviation = abbreviations()): Promise<string[][]> {
  const program = new LineProgram().address(start).row().end(16);
  const lines = lineUnit({ version: 4, files: [["a.c", 0]], program });
  const sections = [
    { name: ".debug_line", content: lines },
    { name: ".debug_abbrev", content: abbreviation },
    { name: ".debug_info", content: info },
  ];
  image = await openImage(temporaryFile(buildElf({ symbols, sections })));
  const frames = await image.inlineFramesMany(BigUint64Array.of(start, start + 12n));
  if (frames === null) return [];
  problem = frames.problem;
  return [0, 1].map((index) => namesAt(frames, index));
}
const namesAt = ({ first, name, names }: InlineFrames, index: number): string[] =>
  Array.from(name.subarray(first[index], first[index + 1]), (one) => (one < 0 ? "??" : names[one]));

it("undamaged debug information has the inlined call and its name", async () => {
  expect(await framesOf(debugInfo())).toEqual([["start", "start"], ["start"]]);
  expect(problem).toBeNull();
});

describe("abstract origins in a circle", () => {
  it.each([
    ["of two entries", [two, one]],
    ["of an entry with itself", [one, one]],
    ["that leads outside", [0x7fff_fff0, one]],
  ])("%s leave the inlined call without a name, and its function with it", async (_, origins) => {
    expect(await framesOf(debugInfo({ origins }))).toEqual([["??", "start"], ["start"]]);
  });
});

describe("debug information that makes no sense", () => {
  const cases: [string, Uint8Array, Uint8Array, RegExp][] = [
    [
      "a form that is not known",
      debugInfo(),
      abbreviations(0x7e),
      /^\.debug_info is damaged at offset 0x[0-9a-f]+: form 0x7e is not known\.$/,
    ],
    [
      "an abbreviation that is not there",
      debugInfo({ code: 99 }),
      abbreviations(),
      /^\.debug_info is damaged at offset 0x[0-9a-f]+: there is no abbreviation 99\.$/,
    ],
    [
      "a unit of two gigabytes",
      debugInfo({ length: 0x7fff_fff0 }),
      abbreviations(),
      /^\.debug_info is damaged at offset 0x0: /,
    ],
    [
      "a unit of a reserved length",
      debugInfo({ length: 0xffff_fff5 }),
      abbreviations(),
      /^\.debug_info is damaged at offset 0x0: a unit has a reserved length\.$/,
    ],
    [
      "abbreviations that are cut",
      debugInfo(),
      abbreviations().subarray(0, 20),
      /^\.debug_abbrev is damaged at offset 0x[0-9a-f]+: /,
    ],
  ];

  it.each(cases)("%s: is told with its place; symbols and lines stay", async (_, info, abbreviation, message) => {
    const frames = await framesOf(info, abbreviation);
    expect(problem).toMatch(message);
    expect(frames.map((names) => names.at(-1))).toEqual(["start", "start"]);
    const lines = await image?.lines();
    expect([...(lines?.lookupMany(BigUint64Array.of(start)).line ?? [])]).toEqual([1]);
  });
});

describe("a section that is cut in the middle", () => {
  const fixture = readFileSync(path.resolve(import.meta.dirname, "../../fixtures/symbols/dwarf5.elf"));

  /** The fixture with half of a section, by its header: section headers are 64 bytes, the size is at 32. */
  function withHalfOf(name: string): Buffer {
    const bytes = Buffer.from(fixture);
    const headers = Number(bytes.readBigUInt64LE(40));
    const [count, namesIndex] = [bytes.readUInt16LE(60), bytes.readUInt16LE(62)];
    const names = Number(bytes.readBigUInt64LE(headers + 64 * namesIndex + 24));
    for (let at = headers; at < headers + 64 * count; at += 64) {
      const text = names + bytes.readUInt32LE(at);
      if (bytes.toString("latin1", text, bytes.indexOf(0, text)) !== name) continue;
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at + 32) / 2n, at + 32);
      return bytes;
    }
    throw new Error(`the fixture has no ${name}`);
  }

  it.each([".debug_line", ".debug_info", ".debug_abbrev"])("%s is named with the place", async (name) => {
    image = await openImage(temporaryFile(withHalfOf(name)));
    const at = BigUint64Array.from(image.functions.address);
    const frames = await image.inlineFramesMany(at);
    const told = `${image.problem ?? ""} ${frames?.problem ?? ""}`;
    expect(told).toMatch(new RegExp(`\\${name} is damaged at offset 0x[0-9a-f]+: `));
    const found = Array.from(image.lookupMany(at), (index) => image?.functions.name(index as FunctionIndex));
    expect(found).toContain("ring_advance");
  });

  it.each([".debug_str", ".debug_line_str", ".debug_rnglists", ".symtab", ".strtab"])(
    "%s costs what was in it, and nothing fails",
    async (name) => {
      image = await openImage(temporaryFile(withHalfOf(name)));
      const whole = await openImage(temporaryFile(fixture));
      const at = BigUint64Array.from(whole.functions.address);
      expect(whole.functions.count).toBeGreaterThan(4);
      whole.close();
      const frames = await image.inlineFramesMany(at);
      expect(frames?.first).toHaveLength(at.length + 1);
      expect(image.functions.count).toBeGreaterThan(0);
    },
  );
});
