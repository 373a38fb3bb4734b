import { describe, expect, it } from "vitest";
import { findGuestCode, type FilePart, type GuestCode } from "../../../src/analysis/guestCode";
import { PatchKind, type Patch } from "../../../src/symbols/code/codePart";
import { BlockColumns, formatBlockRecord, type BlockRecord } from "../../../src/trace/blocks";
import { crc32 } from "../../../src/trace/crc";
import { fakeBytes } from "../../support/fakeImage";

/** Code of a made-up file: 8 KiB that differ from those of any other file. */
const part = (file: number, more: Partial<FilePart> = {}): FilePart => ({
  file,
  isModule: true,
  isInitialisation: false,
  base: null,
  start: 0n,
  pageOffset: 0,
  bytes: fakeBytes(BigInt(file) << 32n, 8192),
  fixed: false,
  patches: [],
  ...more,
});
const base = 0xffff_ffff_c000_0000n;
const offsets = [0x10, 0x80, 0x340, 0x1010, 0x1ff0];

/** Blocks of a part at a place, in one page of physical memory for each of its pages. */
const blocksOf = ({ bytes }: FilePart, at = base, physical = 0x10_0000n): BlockRecord[] =>
  offsets.map((offset) => ({
    address: at + BigInt(offset),
    physicalAddress: physical + BigInt(offset),
    size: 16,
    crc: crc32(bytes.subarray(offset, offset + 16)),
  }));

function find(records: readonly BlockRecord[], parts: readonly FilePart[], first?: number[]): Promise<GuestCode> {
  const blocks = new BlockColumns();
  for (const record of records) blocks.add(formatBlockRecord(record));
  blocks.finish();
  return findGuestCode({
    blocks,
    first: Float64Array.from(first ?? records.map((_, index) => index)),
    candidates: [...records.keys()],
    parts,
    targetOf: (symbol) => (symbol === "register_it" ? 0xffff_ffff_8100_0000n : null),
    prepare: (one) => Promise.resolve(one),
  });
}
const filesOf = ({ owner, placed }: GuestCode): number[] =>
  Array.from(owner, (index) => (index < 0 ? -1 : placed[index].file));

describe("the code of modules and programs", () => {
  it("is found wherever whole pages of it were put", async () => {
    const found = await find(blocksOf(part(2), base + 0x5000n), [part(1), part(2), part(3)]);
    expect(filesOf(found)).toEqual([2, 2, 2, 2, 2]);
    expect(found.placed).toEqual([
      { file: 2, start: base + 0x5000n, end: base + 0x7000n, toFile: -base - 0x5000n, same: 5 },
    ]);
  });

  it("is not found where it cannot have been put, nor in the blocks of another", async () => {
    expect(filesOf(await find(blocksOf(part(2), base + 0x5010n), [part(2)]))).toEqual([-1, -1, -1, -1, -1]);
    expect((await find(blocksOf(part(2)), [part(1)])).placed).toEqual([]);
    expect((await find(blocksOf(part(2)).slice(0, 2), [part(2)])).placed).toEqual([]);
    const fixed = part(2, { fixed: true, start: base });
    expect(filesOf(await find(blocksOf(part(2), base + 0x1000n), [fixed]))).toEqual([-1, -1, -1, -1, -1]);
    expect(filesOf(await find(blocksOf(part(2), base), [fixed]))).toEqual([2, 2, 2, 2, 2]);
  });

  it("is told apart when two files were at one address, also where bytes do not tell", async () => {
    const unknown: Patch = { offset: 0x20, length: 4, kind: PatchKind.Unknown };
    const [one, two] = [part(1, { patches: [unknown] }), part(2, { patches: [unknown] })];
    const patched = (physical: bigint): BlockRecord => ({
      address: base + 0x20n,
      physicalAddress: physical + 0x20n,
      size: 8,
      crc: 1,
    });
    const records = [
      ...blocksOf(one, base, 0x10_0000n),
      patched(0x10_0000n),
      ...blocksOf(two, base, 0x20_0000n),
      patched(0x20_0000n),
    ];
    expect(filesOf(await find(records, [one, two]))).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    const withoutMemory = records.map(({ address, size = 0, crc = 0 }) => ({ address, size, crc }));
    expect(filesOf(await find(withoutMemory, [one, two]))).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
  });

  it("for initialisation is found by what it calls", async () => {
    const call: Patch = { offset: 12, length: 4, kind: PatchKind.Branch, symbol: "register_it" };
    const address: Patch = { offset: 4, length: 4, kind: PatchKind.Unknown };
    const initialisation = part(1, {
      isInitialisation: true,
      base: null,
      start: 0x2000n,
      bytes: fakeBytes(77n, 64),
      patches: [address, call],
    });
    const at = base + 0x9000n;
    const entry = (target: bigint): BlockRecord => ({ address: at, size: 16, crc: 5, target });
    const parts = [part(1), initialisation];
    const right = await find([...blocksOf(part(1)), entry(0xffff_ffff_8100_0000n)], parts);
    expect(filesOf(right)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(right.placed[1]).toMatchObject({ start: at, toFile: 0x2000n - at });
    const wrong = await find([...blocksOf(part(1)), entry(0xffff_ffff_8100_0010n)], parts);
    expect(filesOf(wrong)).toEqual([1, 1, 1, 1, 1, -1]);
  });
});

describe("boot code that somebody gives an address for", () => {
  const given = part(1, { isModule: false, base: 0x8000_0000n });

  it("is taken to be there where the trace has no bytes", async () => {
    const records = offsets.map((offset) => ({ address: 0x8000_0000n + BigInt(offset), size: 16 }));
    expect(filesOf(await find(records, [given]))).toEqual([1, 1, 1, 1, 1]);
    expect((await find(records, [{ ...given, base: null }])).placed).toEqual([]);
  });

  it("is never taken for blocks that have other bytes, nor looked for elsewhere", async () => {
    const [first, ...others] = blocksOf(given, 0x8000_0000n);
    const changed = [{ ...first, crc: 5 }, ...others];
    expect(filesOf(await find(changed, [given]))).toEqual([-1, 1, 1, 1, 1]);
    expect((await find(blocksOf(part(2), 0x8000_0000n), [given])).placed).toEqual([]);
    expect((await find(blocksOf(given, 0x9000_0000n), [given])).placed).toEqual([]);
  });
});
