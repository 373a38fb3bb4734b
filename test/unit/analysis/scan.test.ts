import { openSync, closeSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockProfile } from "../../../src/analysis/blockProfile";
import { BlockScanner, type ScanResult } from "../../../src/analysis/blockScan";
import { sumOf } from "../../../src/analysis/rounding";
import { executionHeadBytes } from "../../../src/trace/executionHead";
import { readChunk } from "../../../src/trace/reader";
import type { TraceFile } from "../../../src/trace/types";
import { buildTrace, type TestExecution } from "../../support/buildTrace";
import { executeRecords, parseRecords } from "../../support/referenceDecoder";

const blocks = Array.from({ length: 6 }, (_, index) => ({
  address: BigInt(index * 16),
  instructions: index + 1,
  size: 8,
}));

/** Loops, jumps and pauses: what makes predictors hit, miss and reach their fixpoint. */
const streams = fc
  .array(
    fc.record({
      pattern: fc.array(fc.nat({ max: blocks.length - 1 }), { minLength: 1, maxLength: 4 }),
      repeats: fc.integer({ min: 1, max: 60 }),
      step: fc.constantFrom(0, 1, 7, 5000),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((loops) => {
    // The predictor expects block 0 at first: another one makes the first moment exact.
    const executions: TestExecution[] = [{ block: 1, time: 3 }];
    let time = 3;
    for (const { pattern, repeats, step } of loops) {
      for (let i = 0; i < repeats; i++) {
        for (const block of pattern) executions.push({ block, time: (time += step) });
      }
    }
    return { executions, endTime: time + 10 };
  });

// One for all traces, as in a worker thread: nothing of one may leak into the next.
const scanner = new BlockScanner();

function scanAll(trace: TraceFile, edges: Float64Array, clock: "host" | "events" = "host"): ScanResult[] {
  scanner.useBlocks({ instructions: trace.blocks.instructions, clock });
  const file = openSync(trace.path, "r");
  try {
    return trace.chunks.map((chunk) => scanner.scan(readChunk(file, chunk), chunk, edges));
  } finally {
    closeSync(file);
  }
}

/** Nanoseconds per block, plainly from the records: a span's time is shared by instructions, and a pause is the last block's. */
function timePerBlock(trace: TraceFile): number[] {
  const { instructions } = trace.blocks;
  const times = blocks.map(() => 0);
  const file = openSync(trace.path, "r");
  for (const chunk of trace.chunks) {
    let running = chunk.lastBlock;
    for (const span of executeRecords(parseRecords(readChunk(file, chunk).subarray(executionHeadBytes)))) {
      const time = span.ticks * chunk.timePerTick;
      const work = span.blocks.reduce((sum, block) => sum + instructions[block], 0);
      for (const block of span.blocks) times[block] += (time * instructions[block]) / work;
      if (span.blocks.length === 0 && running >= 0) times[running] += time;
      running = span.blocks.at(-1) ?? running;
    }
  }
  closeSync(file);
  return times;
}

function executionsPerBlock(results: readonly ScanResult[]): number[] {
  const counts = blocks.map(() => 0);
  for (const { columns } of results) columns.block.forEach((block, i) => (counts[block] += columns.executions[i]));
  return counts;
}

const blockOf = (one: TestExecution): number => (typeof one === "object" ? one.block : one);

const executionsIn = (results: readonly ScanResult[]): number => executionsPerBlock(results).reduce((a, b) => a + b, 0);

describe("scanning a trace", () => {
  it("counts every execution once, whatever the buckets", async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 1, max: 5000 }), async ({ executions, endTime }, width) => {
        const trace = await buildTrace({ blocks, vcpus: [executions], endTime, payloadBytes: 64 });
        const edges = Float64Array.of(-Infinity, ...Array.from({ length: 9 }, (_, i) => (i + 1) * width), Infinity);
        const expected = blocks.map((_, block) => executions.filter((one) => blockOf(one) === block).length);
        expect(executionsPerBlock(scanAll(trace, edges))).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it("spends all of the time that the chunks lasted, and no more", async () => {
    await fc.assert(
      fc.asyncProperty(streams, async ({ executions, endTime }) => {
        const trace = await buildTrace({ blocks, vcpus: [executions], endTime, payloadBytes: 64 });
        const edges = Float64Array.of(-Infinity, 100, 2000, 2001, Infinity);
        const time = scanAll(trace, edges).reduce((sum, { columns }) => sum + sumOf(columns.time), 0);
        // Before the first execution nothing runs that could own the time.
        expect(time).toBeCloseTo(endTime - 3, 3);
      }),
      { numRuns: 25 },
    );
  });

  it("shares time by instructions, whatever the buckets", async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 1, max: 5000 }), async ({ executions, endTime }, width) => {
        const trace = await buildTrace({ blocks, vcpus: [executions], endTime, payloadBytes: 1024 });
        const edges = Float64Array.of(-Infinity, ...Array.from({ length: 9 }, (_, i) => (i + 1) * width), Infinity);
        const times = blocks.map(() => 0);
        for (const { columns } of scanAll(trace, edges)) {
          columns.block.forEach((block, i) => (times[block] += columns.time[i]));
        }
        timePerBlock(trace).forEach((time, block) => expect(times[block]).toBeCloseTo(time, 3));
      }),
      { numRuns: 15 },
    );
  });

  it("splits a range without losing or doubling an execution, for both clocks", async () => {
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.constantFrom("host" as const, "events" as const),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
        async ({ executions, endTime }, clock, cuts) => {
          const end = clock === "host" ? endTime : executions.length;
          const stamped =
            clock === "host" ? executions : executions.map((one, time) => ({ block: blockOf(one), time }));
          const trace = await buildTrace({ blocks, vcpus: [stamped], endTime: end, payloadBytes: 64 });
          const inner = [...new Set(cuts.map((cut) => cut * end))].sort((a, b) => a - b);
          const edges = [-Infinity, ...inner, Infinity];
          const parts = edges
            .slice(1)
            .map((edge, i) => executionsIn(scanAll(trace, Float64Array.of(edges[i], edge), clock)));
          const together = scanAll(trace, Float64Array.from(edges), clock);
          expect(parts.reduce((a, b) => a + b, 0)).toBe(executions.length);
          const byBucket = parts.map(() => 0);
          for (const { columns } of together) {
            columns.bucket.forEach((bucket, i) => {
              byBucket[bucket] += sumOf(columns.executions.slice(columns.start[i], columns.start[i + 1]));
            });
          }
          expect(byBucket).toEqual(parts);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("takes the number of an execution for its time when there is no clock", async () => {
    const trace = await buildTrace({ blocks, vcpus: [[0, 1, 1, 1, 2, 0, 3, 3]] });
    const [{ columns, firstBlock, firstTime }] = scanAll(trace, Float64Array.of(2, 5), "events");
    expect(Object.fromEntries(Array.from(columns.block, (block, i) => [block, columns.executions[i]]))).toEqual({
      1: 2,
      2: 1,
    });
    expect(Object.fromEntries(Array.from(firstBlock, (block, i) => [block, firstTime[i]]))).toMatchObject({ 2: 4 });
  });

  it("gives a pause to the block that was running", async () => {
    const trace = await buildTrace({
      blocks: [
        { address: 0n, instructions: 1, slow: true },
        { address: 16n, instructions: 1 },
      ],
      vcpus: [
        [
          { block: 0, time: 0 },
          { block: 1, time: 1_000_000 },
        ],
      ],
      endTime: 1_000_001,
    });
    const [{ columns }] = scanAll(trace, Float64Array.of(-Infinity, 500_000, Infinity));
    const paused = Array.from(columns.block)
      .map((block, i) => ({ block, time: columns.time[i] }))
      .filter(({ block }) => block === 0);
    expect(paused.reduce((sum, { time }) => sum + time, 0)).toBeCloseTo(1_000_000, 3);
    expect(paused.map(({ time }) => time)).toEqual([500_000, expect.closeTo(500_000, 3)]);
  });
});

describe("a profile", () => {
  it("stays right while its buckets are merged", async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 1, max: 40 }), async ({ executions, endTime }, limit) => {
        const trace = await buildTrace({ blocks, vcpus: [executions], endTime, payloadBytes: 64 });
        const edges = Float64Array.of(-Infinity, ...Array.from({ length: 15 }, (_, i) => (i + 1) * 500), Infinity);
        const profile = new BlockProfile(blocks.length, edges, limit);
        scanner.useBlocks({ instructions: trace.blocks.instructions, clock: "host" });
        const file = openSync(trace.path, "r");
        for (const chunk of trace.chunks) {
          const { columns, firstBlock, firstTime } = scanner.scan(readChunk(file, chunk), chunk, profile.edges);
          profile.add(columns, profile.level);
          profile.addFirst(firstBlock, firstTime);
        }
        closeSync(file);
        expect(sumOf(profile.totals.executions)).toBe(executions.length);
        const summed = { executions: new Float64Array(blocks.length), time: new Float64Array(blocks.length) };
        profile.sum(0, profile.edges.length - 1, summed);
        expect(summed.executions).toEqual(profile.totals.executions);
        const copy = BlockProfile.restore(blocks.length, profile.snapshot());
        expect(copy.totals.executions).toEqual(profile.totals.executions);
        expect(copy.first).toEqual(profile.first);
        expect(Math.min(...profile.first)).toBe(3);
      }),
      { numRuns: 25 },
    );
  });
});
