import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { toFailure } from "../../../src/protocol/failure";
import { openImage } from "../../../src/symbols/image";
import type { FunctionIndex, ImageSymbols } from "../../../src/symbols/types";
import { guestAddress } from "../../../src/protocol/units";

const folder = path.resolve(import.meta.dirname, "../../fixtures/symbols");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".elf"))
  .map((name) => name.slice(0, -4));

let image: ImageSymbols | undefined;
afterEach(() => image?.close());

/** What binutils says, see make.sh: where the line changes. No line: "??:?", or a file that only the symbol table names. */
function expectedLines(name: string): { address: bigint; location: string }[] {
  return readFileSync(path.join(folder, `${name}.lines`), "utf8")
    .trim()
    .split("\n")
    .map((row) => row.split(" "))
    .map(([address, location]) => ({
      address: BigInt(`0x${address}`),
      location: /:[?0]$/.test(location) ? "??" : location,
    }));
}

interface NmSymbol {
  address: bigint;
  size: number;
  kind: string;
  name: string;
}

function nmSymbols(name: string): NmSymbol[] {
  return readFileSync(path.join(folder, `${name}.symbols`), "utf8")
    .trim()
    .split("\n")
    .map((row) => row.split(" "))
    .map((words) => ({
      address: BigInt(`0x${words[0]}`),
      size: words.length === 4 ? parseInt(words[1], 16) : 0,
      kind: words.at(-2)!,
      name: words.at(-1)!,
    }));
}

it("finds the fixtures", () => {
  expect(names).toEqual(expect.arrayContaining(["dwarf2", "dwarf3", "dwarf4", "dwarf5", "i386", "zlib", "zstd"]));
});

describe.each(names)("%s", (name) => {
  it("has the line that binutils gives for every address of .text", async () => {
    image = await openImage(path.join(folder, `${name}.elf`));
    const table = await image.lines();
    expect(image.problem).toBeNull();
    const changes = expectedLines(name);
    const first = changes[0].address;
    const count = Number(changes.at(-1)!.address - first) + 1;
    const addresses = BigUint64Array.from({ length: count }, (_, index) => first + BigInt(index));
    const { file, line } = table!.lookupMany(addresses);
    const found = Array.from(addresses, (address, index) => ({
      address,
      location: line[index] === 0 ? "??" : `${table!.files[file[index]]}:${line[index]}`,
    }));
    const foundChanges = found.filter(
      ({ location }, index) => location !== found.at(index - 1)?.location || index === 0,
    );
    expect(foundChanges).toEqual(changes);
  });

  it("has the functions of nm: aliases merged, inner labels dropped, cold pieces folded", async () => {
    image = await openImage(path.join(folder, `${name}.elf`));
    const { functions } = image;
    const code = nmSymbols(name).filter(({ kind }) => /[tT]/.test(kind));
    const wanted = code.filter((symbol) => symbol.name !== "inner_label" && symbol.name !== "ring_forward");
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    const found = Array.from(functions.address, (address, index) => ({
      address,
      name: functions.name(index as FunctionIndex),
    }));
    expect(found.sort(byName)).toEqual(wanted.map(({ address, name }) => ({ address, name })).sort(byName));

    for (const { address, size, name: symbolName } of wanted) {
      const [index] = image.lookupMany(BigUint64Array.of(address + BigInt(Math.max(size - 1, 0))));
      expect(functions.name(index as FunctionIndex)).toBe(symbolName);
      const parent = functions.name(functions.parent[index] as FunctionIndex);
      expect(parent).toBe(symbolName.replace(".cold", ""));
    }
    for (const symbol of nmSymbols(name)) expect(image.addressOf(symbol.name)).toBe(symbol.address);
  });

  it("has a build-id, a machine and the bytes of its segments", async () => {
    const file = path.join(folder, `${name}.elf`);
    image = await openImage(file);
    expect(image.buildId).toMatch(/^[0-9a-f]{40}$/);
    expect(image.machine).toBe(name === "i386" ? "i386" : "x86_64");
    expect(image.banner).toBeNull();
    const start = image.addressOf("halt")!;
    // hlt; jmp back to it.
    expect(image.read(start, 3)).toEqual(Uint8Array.of(0xf4, 0xeb, 0xfd));
    expect(image.read(guestAddress(start + 0x10000000n), 1)).toBeNull();
    const segment = image.segments.find(({ executable }) => executable)!;
    expect(image.read(segment.virtualAddress, 1 << 30)).toBeNull();
  });
});

it("has lines once, also for callers at the same time, and again after one of them cancelled", async () => {
  image = await openImage(path.join(folder, "dwarf5.elf"));
  const abort = new AbortController();
  const cancelled = image.lines(abort.signal);
  const waiting = image.lines();
  abort.abort();
  await expect(cancelled).rejects.toThrow(/abort/i);
  const table = await waiting;
  expect(table!.files).toContain("/src/ring/ring.c");
  expect(await image.lines()).toBe(table);
});

it("reports progress in bytes of the section", async () => {
  image = await openImage(path.join(folder, "dwarf4.elf"));
  const seen: [number, number][] = [];
  await image.lines(undefined, (done, total) => seen.push([done, total]));
  const [done, total] = seen.at(-1)!;
  expect(done).toBe(total);
  expect(total).toBeGreaterThan(100);
});

it.each([
  ["nothing.elf", "not-found"],
  ["make.sh", "no-symbols"],
  ["source", "unreadable"],
])("says what is wrong with %s", async (name, code) => {
  const failure = await openImage(path.join(folder, name)).catch(toFailure);
  expect(failure).toMatchObject({ code });
});
