import path from "node:path";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openImage } from "../../../src/symbols/image";
import type { ImagePart, ImageStore } from "../../../src/symbols/imageStore";
import { InlineMap } from "../../../src/symbols/inlineMap";
import { InlineStretches } from "../../../src/symbols/inlineStretches";
import { flattenNested, RangeColumns } from "../../../src/symbols/nestedRanges";
import { writeElf } from "./elfBuilder";

const fixture = path.resolve(import.meta.dirname, "../../fixtures/symbols/dwarf5.elf");

function memoryStore() {
  const parts = new Map<ImagePart, Buffer>();
  const asked: string[] = [];
  const store: ImageStore = {
    load: (part) => Promise.resolve(parts.has(part) ? (deserialize(parts.get(part)!) as unknown) : null),
    save: (part, content) => {
      parts.set(part, serialize(content));
      return Promise.resolve();
    },
  };
  const open = (identity: string): ImageStore => {
    asked.push(identity);
    return store;
  };
  return { parts, asked, open };
}

const addresses = BigUint64Array.from({ length: 200 }, (_, index) => 0x400100n + BigInt(index * 2));

async function answers(file: string, open: (identity: string) => ImageStore) {
  const image = await openImage(file, open);
  try {
    const lines = (await image.lines())!;
    const frames = (await image.inlineFramesMany(addresses))!;
    const functions = [...image.lookupMany(addresses)];
    const found = lines.lookupMany(addresses);
    return {
      functions: functions.map((index) => (index < 0 ? null : image.functions.name(index as never))),
      lines: Array.from(found.line, (line, index) => `${lines.files[found.file[index]] ?? ""}:${line}`),
      frames: Array.from(frames.name, (name, at) => [
        frames.names[name] ?? null,
        frames.files[frames.file[at]] ?? null,
        frames.line[at],
      ]),
      first: [...frames.first],
    };
  } finally {
    image.close();
  }
}

describe("what is kept of an image", () => {
  it("answers as the image does, and is used", async () => {
    const { parts, asked, open } = memoryStore();
    const fresh = await answers(fixture, open);
    expect(asked[0]).toMatch(/^[0-9a-f]{40}-360-0-523-332$/);
    expect([...parts.keys()].sort()).toEqual(["functions", "inlines", "lines"]);
    expect(await answers(fixture, open)).toEqual(fresh);

    const kept = deserialize(parts.get("functions")!) as { names: string[] };
    kept.names = kept.names.map((name) => `kept_${name}`);
    parts.set("functions", serialize(kept));
    expect((await answers(fixture, open)).functions.filter((name) => name !== null)[0]).toMatch(/^kept_/);
  });

  it("is not used when it makes no sense", async () => {
    const { parts, open } = memoryStore();
    const fresh = await answers(fixture, open);
    const whole = new Map(parts);
    for (const part of ["functions", "lines", "inlines"] as const) {
      const kept = deserialize(whole.get(part)!) as Record<string, ArrayLike<unknown>>;
      for (const [name, column] of Object.entries(kept)) {
        if (name === "problem") continue;
        for (const broken of [undefined, Array.from(column).slice(1), "text"]) {
          parts.set(part, serialize({ ...kept, [name]: broken }));
          expect(await answers(fixture, open)).toEqual(fresh);
        }
      }
    }
  });

  it("belongs to the build-id and to what the file has: a file without one keeps nothing", async () => {
    const { parts, open } = memoryStore();
    const image = await openImage(writeElf({ symbols: [{ name: "start", address: 0x1000n, size: 8 }] }), open);
    image.close();
    expect(parts.size).toBe(0);
  });
});

describe("a map of inlined calls", () => {
  const noFile = 0xffffffff;
  const code = { address: BigInt };
  /** Adds a function with a call in each of the ranges, each inlined into the one before. */
  function addStretch(to: InlineStretches, start: number, length: number, ranges: readonly [number, number][]): void {
    to.open(start, length);
    let frame = to.addFrame(-1, 7, 0, 0);
    to.addPlace(0, frame);
    const columns = new RangeColumns();
    ranges.forEach(([from, end], index) => columns.add(from, end, to.parent.length + index));
    ranges.forEach((_, index) => (frame = to.addFrame(frame, index, noFile, 1)));
    flattenNested(columns, (offset, owner) =>
      to.addPlace(offset, owner < 0 ? to.parent.length - 1 - ranges.length : owner),
    );
    to.close();
  }
  const calleesAt = (map: InlineMap, at: readonly number[]) =>
    [...map.lookupMany(BigUint64Array.from(at, BigInt))].map((frame) =>
      frame < 0 ? frame : map.columns.callee[frame],
    );

  it("finds the innermost call, and says what it was not asked for", () => {
    const stretches = new InlineStretches();
    stretches.addUnknown(200);
    addStretch(stretches, 100, 50, [
      [10, 40],
      [20, 30],
    ]);
    const map = InlineMap.empty.with(stretches, code);
    expect(calleesAt(map, [99, 100, 110, 120, 129, 130, 149, 150, 200, 201])).toEqual([
      -2, 7, 0, 1, 1, 0, 7, -2, -1, -2,
    ]);
  });

  it("grows in any order", () => {
    const step = fc.array(fc.nat(30), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let map = InlineMap.empty;
        const known = new Set<number>();
        for (const numbers of steps) {
          const fresh = [...new Set(numbers)].filter((number) => !known.has(number));
          fresh.forEach((number) => known.add(number));
          const stretches = new InlineStretches();
          for (const number of fresh) addStretch(stretches, number * 10, 10, [[2, 2 + (number % 5)]]);
          map = map.with(stretches, code);
        }
        for (let number = 0; number <= 30; number++) {
          const expected = known.has(number) ? [7, number % 5 > 0 ? 0 : 7] : [-2, -2];
          expect(calleesAt(map, [number * 10 + 9, number * 10 + 2])).toEqual(expected);
        }
      }),
    );
  });
});

it("cuts nested ranges where the innermost one changes", () => {
  const nested = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 10 });
  fc.assert(
    fc.property(nested, (cuts) => {
      // Each range is inside of the one before.
      const ranges: [number, number][] = [];
      let [from, to] = [0, 200];
      for (const [left, right] of cuts) {
        from += left;
        to -= right;
        if (from < to) ranges.push([from, to]);
      }
      const columns = new RangeColumns();
      ranges.forEach(([start, end], index) => columns.add(start, end, index));
      const offset: number[] = [];
      const owner: number[] = [];
      flattenNested(columns, (at, innermost) => {
        offset.push(at);
        owner.push(innermost);
      });
      expect(offset).toEqual([...offset].sort((a, b) => a - b));
      for (let at = -1; at <= 201; at++) {
        const expected = ranges.findLastIndex(([start, end]) => start <= at && at < end);
        const found = offset.findLastIndex((start) => start <= at);
        expect(found < 0 ? -1 : owner[found]).toBe(expected);
      }
    }),
  );
});
