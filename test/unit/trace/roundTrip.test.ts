import fc from "fast-check";
import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blockNumber } from "../../../src/protocol/units";
import { openTraceFile } from "../../../src/trace/reader";
import { unknownPhysicalAddress, type BlockRecord } from "../../../src/trace/blocks";
import { buildTraceFile, temporaryFile, writeTrace, type TestTrace } from "../../support/buildTrace";
import { decodeTrace, executedBlocks } from "../../support/decodeTrace";

const block = fc.record<BlockRecord>(
  {
    address: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    physicalAddress: fc.bigInt({ min: 0n, max: 2n ** 52n }),
    target: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    size: fc.nat(4096),
    terminator: fc.nat(12),
    terminatorLength: fc.nat(15),
    crc: fc.nat(0xffffffff),
    slow: fc.boolean(),
    instructionLengths: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 40 }),
  },
  { requiredKeys: ["address"] },
);

/** Block sequences with self-loops, loops of several blocks and noise, as real code makes them. */
const executions = (blocks: number): fc.Arbitrary<number[]> =>
  fc
    .array(
      fc.record({
        body: fc.array(fc.nat(blocks - 1), { minLength: 1, maxLength: 6 }),
        times: fc.oneof(fc.constant(1), fc.nat(30), fc.nat(300)),
      }),
      { maxLength: 8 },
    )
    .map((loops) => loops.flatMap(({ body, times }) => Array.from({ length: times }, () => body).flat()));

const trace: fc.Arbitrary<TestTrace> = fc.array(block, { minLength: 1, maxLength: 30 }).chain((blocks) =>
  fc.record({
    blocks: fc.constant(blocks),
    vcpus: fc.array(executions(blocks.length), { minLength: 1, maxLength: 3 }),
    payloadBytes: fc.constantFrom(100, 300, 1024 * 1024),
  }),
);

describe("a trace that is written and read", () => {
  it("is the same trace", async () => {
    const file = await temporaryFile();
    await fc.assert(
      fc.asyncProperty(trace, async (written) => {
        await writeTrace(file, written);
        const read = await openTraceFile(file);
        expect(read.damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
        const decoded = executedBlocks(read);
        written.vcpus.forEach((expected, vcpu) => expect(decoded[vcpu] ?? []).toEqual(expected));
        expect(decodeTrace(read).every(({ intact }) => intact)).toBe(true);
        expect(read.blocks.count).toBe(written.blocks.length);
        const { blocks } = read;
        const readBlocks = written.blocks.map((_, index) => {
          const lengths = blocks.instructionLengths(blockNumber(index));
          const instructionLengths = lengths && [...lengths];
          const { [index]: physicalAddress } = blocks.physicalAddress;
          const terminator = [blocks.terminator[index], blocks.terminatorLength[index]];
          const { [index]: address } = blocks.address;
          return [address, physicalAddress, blocks.target[index], blocks.size[index], terminator, instructionLengths];
        });
        const writtenBlocks = written.blocks.map((item) => [
          item.address,
          item.physicalAddress ?? unknownPhysicalAddress,
          item.target ?? 0n,
          item.size ?? 0,
          [item.terminator ?? 0, item.terminatorLength ?? 0],
          item.instructionLengths ?? null,
        ]);
        expect(readBlocks).toEqual(writtenBlocks);
        rmSync(file);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps task switches where they took place", async () => {
    const file = await buildTraceFile({
      blocks: [{ address: 1n }, { address: 2n }],
      vcpus: [[0, 1, 0, 1, 0, 1]],
      switches: [
        { previousTask: 0xffff888000000000n, nextTask: 16n, execution: 2, pid: 7, comm: "kworker/0:1" },
        { previousTask: 16n, nextTask: 0xffff888000000000n, execution: 5 },
      ],
    });
    const read = await openTraceFile(file);
    expect(decodeTrace(read)[0].switches).toEqual([
      { number: 0, executionsBefore: 2 },
      { number: 1, executionsBefore: 5 },
    ]);
    expect(read.switches.count).toBe(2);
    expect([...read.switches.pid]).toEqual([7, -1]);
    expect(read.switches.comm(0)).toBe("kworker/0:1");
    expect(read.switches.comm(1)).toBe("");
    expect(read.switches.previousTask[0]).toBe(0xffff888000000000n);
  });
});
