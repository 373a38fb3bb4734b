import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attribute, type Attribution } from "../../../src/analysis/attribution";
import { attributeLines, fileExecutions, lineCosts } from "../../../src/analysis/lineCosts";
import { linkedPlace, type Placement } from "../../../src/analysis/placement";
import { sumOf } from "../../../src/analysis/rounding";
import { rowCosts, rowFirst } from "../../../src/analysis/rowCosts";
import { namedShare } from "../../../src/analysis/unnamed";
import { Category } from "../../../src/protocol/engine";
import type { ImageSymbols } from "../../../src/symbols/types";
import { BlockColumns, formatBlockRecord, type BlockRecord } from "../../../src/trace/blocks";
import { fakeImage, fakeLineTable, kernelBase } from "../../support/fakeImage";

const image = fakeImage({
  functions: [
    { name: "startup_64", address: kernelBase, size: 0x100 },
    { name: "first", address: kernelBase + 0x100n, size: 0x20 },
    { name: "second", address: kernelBase + 0x120n, size: 0x20 },
    { name: "first.cold", address: kernelBase + 0x400n, size: 0x20, parent: "first" },
    { name: "copied.isra.0", address: kernelBase + 0x440n, size: 0x20 },
    { name: "copied.constprop.0", address: kernelBase + 0x480n, size: 0x20, parent: "copied.isra.0" },
  ],
});

function table(records: readonly BlockRecord[]): BlockColumns {
  const blocks = new BlockColumns();
  for (const record of records) blocks.add(formatBlockRecord(record));
  blocks.finish();
  return blocks;
}

interface Given {
  readonly image?: ImageSymbols | null;
  readonly first?: readonly number[];
  readonly placement?: Placement;
}

function attributed(records: readonly BlockRecord[], given: Given = {}): Attribution {
  return attribute({
    blocks: table(records),
    first: Float64Array.from(given.first ?? records.map((_, index) => index)),
    machine: { target: "x86_64", commandLine: [] },
    image: given.image === undefined ? image : given.image,
    placement: given.placement ?? linkedPlace,
    code: null,
    withoutImage: "no vmlinux",
  });
}

const rowNames = (attribution: Attribution): string[] =>
  Array.from(
    { length: attribution.start.length - 1 },
    (_, block) => attribution.rows[attribution.row[attribution.start[block]]].name,
  );

describe("attribution", () => {
  it("splits a block that crosses a function border, to the instruction", () => {
    const attribution = attributed([
      { address: kernelBase + 0x11an, size: 14, instructionLengths: [3, 3, 4, 4], physicalAddress: 0x1000_11an },
    ]);
    const costs = rowCosts(attribution, { executions: Float64Array.of(10), time: Float64Array.of(100) });
    const byName = new Map(attribution.rows.map(({ name }, row) => [name, row]));
    expect(costs.executions[byName.get("first") ?? -1]).toBe(10);
    expect(costs.executions[byName.get("second") ?? -1]).toBe(0);
    expect(costs.instructions[byName.get("first") ?? -1]).toBe(20);
    expect(costs.instructions[byName.get("second") ?? -1]).toBe(20);
    expect(costs.time[byName.get("second") ?? -1]).toBe(50);
  });

  it("gives the whole block to its start when the lengths of its instructions are unknown", () => {
    const attribution = attributed([{ address: kernelBase + 0x11an, size: 14, instructions: 4 }]);
    expect(attribution.rows.map(({ name }) => name)).toEqual(["first"]);
    expect([...attribution.instructions]).toEqual([4]);
  });

  it("counts pieces and copies for their function, and tells what ran of them", () => {
    const at = (offset: bigint) => ({ address: kernelBase + offset, instructionLengths: [1] });
    const { rows } = attributed([at(0x404n), at(0x108n), at(0x408n), at(0x484n), at(0x448n)]);
    expect(rows).toMatchObject([
      { name: "first", address: kernelBase + 0x100n, rawNames: ["first.cold"] },
      { name: "copied", address: kernelBase + 0x440n, rawNames: ["copied.constprop.0", "copied.isra.0"] },
    ]);
  });

  it("names the parts of a boot by place and order, and never a user address by the kernel's", () => {
    const records = [
      { address: 0xffff_fff0n, physicalAddress: 0xffff_fff0n },
      { address: 0xf_e05bn, physicalAddress: 0xf_e05bn },
      { address: 0x1eff_bab6n, physicalAddress: 0x1eff_bab6n }, // firmware's copy of itself in high memory
      { address: 0x1_0200n, physicalAddress: 0x1_0200n },
      { address: 0x10_0000n, physicalAddress: 0x10_0000n },
      { address: 0x431_a9a0n, physicalAddress: 0x431_a9a0n }, // the decompressor's copy
      { address: 0x100_0000n, physicalAddress: 0x100_0000n }, // startup_64, identity mapped
      { address: kernelBase + 0x100n, physicalAddress: 0x100_0100n },
      { address: 0x40_1000n, physicalAddress: 0x1a3_4000n }, // a static user program
      { address: 0x100_0010n, physicalAddress: 0x1a3_5000n }, // user code at an address the kernel had physically
      { address: 0xffff_ffff_a000_1000n },
      { address: kernelBase + 0x800n },
      { address: 0x9_9000n, physicalAddress: 0x9_9000n }, // start-up of another processor
      { address: 0xffff_8880_0000_1000n },
    ];
    expect(rowNames(attributed(records))).toEqual([
      "[firmware]",
      "[firmware]",
      "[firmware]",
      "[kernel real-mode setup]",
      "[kernel decompressor]",
      "[kernel decompressor]",
      "startup_64",
      "first",
      "[user space]",
      "[user space]",
      "[kernel modules]",
      "[kernel between functions]",
      "[real-mode trampoline]",
      "[kernel outside vmlinux]",
    ]);
  });

  it("tells identity-mapped kernel code by time where physical addresses were not recorded", () => {
    const records = [{ address: 0x100_0000n }, { address: kernelBase + 0x100n }, { address: 0x100_0000n }];
    expect(rowNames(attributed(records))).toEqual(["startup_64", "first", "[user space]"]);
  });

  it("finds a kernel that KASLR has moved", () => {
    const placement = { virtualSlide: 0x40_0000n, physicalSlide: 0x20_0000n };
    const records = [
      { address: 0x120_0000n, physicalAddress: 0x120_0000n },
      { address: kernelBase + 0x40_0100n, physicalAddress: 0x120_0100n },
    ];
    const attribution = attributed(records, { placement });
    expect(rowNames(attribution)).toEqual(["startup_64", "first"]);
    expect(attribution.linkAddress[1]).toBe(kernelBase + 0x100n);
  });

  it("lists kernel code by page without an image, and says why", () => {
    const attribution = attributed([{ address: kernelBase + 0x104n }, { address: kernelBase + 0x1004n }], {
      image: null,
    });
    expect(attribution.rows).toMatchObject([
      { name: "[kernel ffffffff81000000]", category: Category.Kernel, note: "no vmlinux" },
      { name: "[kernel ffffffff81001000]", category: Category.Kernel, note: "no vmlinux" },
    ]);
  });

  it("adds up to the trace's totals, whatever ran", () => {
    const record = fc.record({
      address: fc.oneof(
        fc.bigInt(kernelBase, kernelBase + 0x500n),
        fc.bigInt(0n, 0xffff_ffffn),
        fc.bigInt(0n, (1n << 64n) - 1n),
      ),
      instructionLengths: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 12 }),
      executions: fc.nat({ max: 2 ** 40 }),
      time: fc.double({ min: 0, max: 1e12, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), fc.boolean(), (records, withImage) => {
        const attribution = attributed(records, withImage ? {} : { image: null });
        const costs = {
          executions: Float64Array.from(records, ({ executions }) => executions),
          time: Float64Array.from(records, ({ time }) => time),
        };
        const rows = rowCosts(attribution, costs);
        const instructions = records.reduce((sum, one) => sum + one.executions * one.instructionLengths.length, 0);
        expect(sumOf(rows.executions)).toBe(sumOf(costs.executions));
        expect(sumOf(rows.instructions)).toBe(instructions);
        expect(Math.abs(sumOf(rows.time) - sumOf(costs.time))).toBeLessThanOrEqual(1);
        expect(rows.time.every(Number.isInteger)).toBe(true);
        const { named, unnamed } = namedShare(attribution.rows, rows);
        expect(unnamed.reduce<number>((sum, { executions }) => sum + executions, named)).toBe(sumOf(costs.executions));
      }),
    );
  });

  it("knows when each row ran first", () => {
    const records = [
      { address: kernelBase + 0x120n },
      { address: kernelBase + 0x100n },
      { address: kernelBase + 0x124n },
    ];
    const attribution = attributed(records, { first: [30, 20, 10] });
    const first = rowFirst(attribution, Float64Array.of(30, 20, 10));
    expect(Object.fromEntries(attribution.rows.map(({ name }, row) => [name, first[row]]))).toEqual({
      second: 10,
      first: 20,
    });
  });
});

describe("lines", () => {
  const lines = fakeLineTable([
    { address: kernelBase + 0x100n, file: "lib/a.c", line: 10 },
    { address: kernelBase + 0x106n, file: "lib/a.c", line: 11 },
    { address: kernelBase + 0x10an, file: "include/b.h", line: 5 },
    { address: kernelBase + 0x10en, file: "lib/a.c", line: 10 },
  ]);
  const records = [
    { address: kernelBase + 0x100n, instructionLengths: [3, 3, 4, 4, 2] },
    { address: 0x1000n, instructionLengths: [2] },
  ];
  const blocks = table(records);
  const attribution = attributeLines(blocks, attributed(records), lines);
  const costs = { executions: Float64Array.of(7, 100), time: Float64Array.of(500, 1) };

  it("get the instructions that are theirs, and the executions of the blocks they are in", () => {
    const cost = lineCosts(attribution, blocks, attribution.files.indexOf("lib/a.c"), costs, Float64Array.of(3, 4));
    expect([...cost.line]).toEqual([10, 11]);
    expect([...cost.executions]).toEqual([7, 7]);
    expect([...cost.instructions]).toEqual([21, 7]);
    expect([...cost.time]).toEqual([300, 100]);
    expect([...cost.first]).toEqual([3, 3]);
    const names = cost.hosts.map((hosts) =>
      [...hosts].map(([row, count]) => [attributed(records).rows[row].name, count]),
    );
    expect(names).toEqual([[["first", 21]], [["first", 7]]]);
  });

  it("make a file's executions those of the blocks that start in it", () => {
    const byFile = fileExecutions(attribution, costs);
    expect(byFile[attribution.files.indexOf("lib/a.c")]).toBe(7);
    expect(byFile[attribution.files.indexOf("include/b.h")]).toBe(0);
  });
});
