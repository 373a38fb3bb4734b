import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attribution } from "../../../src/analysis/attribution";
import { BlockProfile } from "../../../src/analysis/blockProfile";
import { bootPhases } from "../../../src/analysis/phases";
import { bootRegions } from "../../../src/analysis/bootRegions";
import { unknownFirmware } from "../../../src/analysis/machineFirmware";
import { regions } from "../../../src/analysis/regions";
import { sumOf } from "../../../src/analysis/rounding";
import { bucketEdges, coarserEdges, rangeParts } from "../../../src/analysis/timeBuckets";
import { addProfile, addScan, emptyTimeline, viewEdges } from "../../../src/analysis/timeline";
import { Category } from "../../../src/protocol/engine";
import { nanoseconds } from "../../../src/protocol/units";
import { BlockColumns, formatBlockRecord } from "../../../src/trace/blocks";
import { fakeImage, kernelBase } from "../../support/fakeImage";

describe("time buckets", () => {
  it("cut a range into whole buckets and what sticks out, without gap or overlap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        (duration, count, cuts) => {
          const start = nanoseconds(Math.round(Math.min(...cuts) * duration));
          const end = nanoseconds(Math.round(Math.max(...cuts) * duration));
          const edges = bucketEdges(duration, count);
          const parts = rangeParts(edges, { start, end }, duration);
          const pieces: number[][] = parts.partial.map((part) => [part.start, part.end]);
          if (parts.to > parts.from) pieces.push([edges[parts.from], edges[parts.to]]);
          pieces.sort(([a], [b]) => a - b);
          if (start === end && start > 0 && end < duration) {
            expect(pieces).toEqual([]);
          } else {
            expect(pieces[0][0]).toBe(start <= 0 ? -Infinity : start);
            expect(pieces[pieces.length - 1][1]).toBe(end >= duration ? Infinity : end);
            for (let i = 1; i < pieces.length; i++) expect(pieces[i][0]).toBe(pieces[i - 1][1]);
          }
        },
      ),
    );
  });

  it("become half as many", () => {
    expect([...coarserEdges(bucketEdges(80, 8))]).toEqual([-Infinity, 20, 40, 60, Infinity]);
  });
});

describe("a timeline", () => {
  const blocks = { category: Uint8Array.of(Category.Kernel, Category.User), weights: [3, 5] };

  it("holds the whole trace, however its buckets lie", () => {
    const entries = fc.array(
      fc.record({ bucket: fc.nat({ max: 15 }), block: fc.nat({ max: 1 }), executions: fc.nat(1000) }),
    );
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 50 }), (list, count) => {
        const profile = new BlockProfile(2, bucketEdges(1600, 16));
        for (const { bucket, block, executions } of list) {
          const columns = {
            bucket: Uint32Array.of(bucket),
            start: Uint32Array.of(0, 1),
            block: Uint32Array.of(block),
            executions: Float64Array.of(executions),
            time: Float64Array.of(0),
          };
          profile.add(columns, 0);
        }
        const edges = viewEdges({ start: nanoseconds(0), end: nanoseconds(1600) }, count);
        const values = emptyTimeline(count);
        addProfile(values, edges, profile, blocks, "instructions", 1600);
        const expected = list.reduce((sum, { block, executions }) => sum + executions * blocks.weights[block], 0);
        expect(values.reduce((sum, one) => sum + sumOf(one), 0)).toBeCloseTo(expected, 3);
      }),
    );
  });

  it("shows a scan by its own edges as it is", () => {
    const values = emptyTimeline(3);
    const columns = {
      bucket: Uint32Array.of(0, 2),
      start: Uint32Array.of(0, 1, 3),
      block: Uint32Array.of(0, 0, 1),
      executions: Float64Array.of(4, 1, 2),
      time: Float64Array.of(1, 1, 1),
    };
    addScan(values, columns, blocks, "executions");
    expect([...values[Category.Kernel]]).toEqual([4 * 3, 0, 1 * 3]);
    expect([...values[Category.User]]).toEqual([0, 0, 2 * 5]);
  });
});

describe("phases", () => {
  const image = fakeImage({
    functions: [
      { name: "startup_64", address: kernelBase, size: 16 },
      { name: "start_kernel", address: kernelBase + 16n, size: 16 },
      { name: "kernel_init", address: kernelBase + 32n, size: 16 },
      { name: "kernel_power_off", address: kernelBase + 48n, size: 16 },
    ],
  });
  const addresses = [
    0xffff_fff0n,
    0xf_e05bn,
    0x10_0000n,
    0x100_0000n,
    kernelBase + 16n,
    kernelBase + 32n,
    0x40_0000n,
    kernelBase + 48n,
  ];
  const kernelRow = { name: "startup_64", category: Category.Kernel, note: "" };
  const rowOf = [
    unknownFirmware,
    unknownFirmware,
    bootRegions.decompressor,
    kernelRow,
    kernelRow,
    kernelRow,
    regions.user,
    kernelRow,
  ];

  function phasesOf(first: readonly number[], withImage = true): { name: string; start: number; end: number }[] {
    const blocks = new BlockColumns();
    for (const address of addresses) blocks.add(formatBlockRecord({ address }));
    blocks.finish();
    const attribution: Attribution = {
      rows: rowOf.map((row) => ({
        ...row,
        note: "reason" in row ? row.reason : row.note,
        address: 0n,
        module: null,
        rawNames: [],
        functionIndex: -1,
      })),
      start: Uint32Array.from({ length: 9 }, (_, index) => index),
      row: Uint32Array.from({ length: 8 }, (_, index) => index),
      instructions: new Uint32Array(8).fill(1),
      linkAddress: BigUint64Array.from(addresses, (address, i) =>
        i === 3 ? kernelBase : address >= kernelBase ? address : 0n,
      ),
    };
    const spans = bootPhases(blocks, attribution, Float64Array.from(first), withImage ? image : null, nanoseconds(900));
    return spans.map(({ name, start, end }) => ({ name, start, end }));
  }

  it("begin where their marks ran first, and cover the trace", () => {
    const phases = phasesOf([5, 10, 100, 200, 300, 400, 500, 800]);
    expect(phases.map(({ name }) => name)).toEqual([
      "reset",
      "firmware",
      "decompressor",
      "kernel entry",
      "start_kernel",
      "init",
      "user space",
      "power off",
    ]);
    expect(phases[0].start).toBe(0);
    expect(phases[phases.length - 1].end).toBe(900);
    for (let i = 1; i < phases.length; i++) expect(phases[i].start).toBe(phases[i - 1].end);
  });

  it("are left out where their marks did not run, or not in this order", () => {
    const none = Infinity;
    expect(phasesOf([0, 10, none, 200, 300, 400, none, none]).map(({ name }) => name)).toEqual([
      "reset",
      "firmware",
      "kernel entry",
      "start_kernel",
      "init",
    ]);
    expect(phasesOf([0, 10, 100, 200, 300, 400, 350, 800]).map(({ name }) => name)).not.toContain("user space");
  });

  it("need no image before and after the kernel", () => {
    expect(phasesOf([0, 10, 100, 200, 300, 400, 500, 800], false).map(({ name }) => name)).toEqual([
      "reset",
      "firmware",
      "decompressor",
      "kernel entry",
      "user space",
    ]);
  });
});
