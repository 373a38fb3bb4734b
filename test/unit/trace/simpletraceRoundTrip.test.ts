import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";

/** Numbers of events: two of them change places in the middle of some files. */
const [execTb, exit, other] = [5, 6, 7];
const blocks = [0xfffffff0n, 0x7c00n, 0xffffffff81000000n, 0xffff_ffff_ffff_ffffn];

type Record =
  | { readonly kind: "execTb"; readonly pid: number; readonly time: bigint; readonly tb: bigint; readonly pc: bigint }
  | { readonly kind: "exit"; readonly tb: bigint; readonly flags: bigint }
  | { readonly kind: "other"; readonly words: readonly bigint[] }
  | { readonly kind: "swap" };

const tb = fc.constantFrom(0x7f3524000040n, 0x7f3524000080n);
const record: fc.Arbitrary<Record> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("execTb" as const),
      pid: fc.constantFrom(42, 42, 42, 4194304),
      time: fc.oneof(fc.bigInt(1_000_000n, 1_000_400n), fc.constantFrom(0n, 2n ** 53n + 1n)),
      tb,
      pc: fc.constantFrom(...blocks),
    }),
  },
  fc.record({ kind: fc.constant("exit" as const), tb, flags: fc.bigInt(0n, 4n) }),
  fc.record({ kind: fc.constant("other" as const), words: fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { maxLength: 3 }) }),
  fc.constant({ kind: "swap" as const }),
);

/** The file, where its records end, and what a reader has to find when it reads up to there. */
function write(records: readonly Record[], littleEndian: boolean): { bytes: Buffer; ends: number[]; header: number } {
  let ids = [execTb, other];
  const builder = new SimpletraceBuilder(littleEndian);
  const map = (): SimpletraceBuilder => builder.mapping(ids[0], "exec_tb").mapping(ids[1], "other_event");
  builder.mapping(exit, "exec_tb_exit");
  map();
  const header = builder.bytes().length;
  const ends = records.map((record) => {
    if (record.kind === "execTb") builder.event(BigInt(ids[0]), record.time, record.pid, record.tb, record.pc);
    else if (record.kind === "exit") builder.event(BigInt(exit), 0n, 42, record.tb, record.flags);
    else if (record.kind === "other") builder.event(BigInt(ids[1]), 1_000_000n, 42, ...record.words);
    else {
      ids = [ids[1], ids[0]];
      map();
    }
    return builder.bytes().length;
  });
  return { bytes: builder.bytes(), ends, header };
}

/** What ran, by process in the order of first appearance: an announced block, unless it was left before it began. */
function executed(records: readonly Record[]): string[][] {
  const byProcess = new Map<number, { pc: bigint; tb: bigint; left: boolean }[]>();
  let last: { tb: bigint; left: boolean } | null = null;
  for (const record of records) {
    if (record.kind === "execTb") {
      const announced = { pc: record.pc, tb: record.tb, left: false };
      byProcess.set(record.pid, [...(byProcess.get(record.pid) ?? []), announced]);
      last = announced;
    } else if (record.kind === "exit" && record.flags === 3n && last?.tb === record.tb) {
      last.left = true;
    }
  }
  return [...byProcess.values()].map((all) => all.filter(({ left }) => !left).map(({ pc }) => pc.toString(16)));
}

async function readBack(bytes: Buffer, blockBytes: number): Promise<string[][]> {
  const output = await temporaryFile();
  const input = `${output}.trace`;
  writeFileSync(input, bytes);
  await importTrace(input, output, { blockBytes });
  const trace = await openTraceFile(output);
  const found: string[][] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    const names = blocks.map((block) => trace.blocks.address[block].toString(16));
    (found[trace.chunks[index].vcpu] ??= []).push(...names);
  });
  return found;
}

const nonEmpty = (streams: readonly string[][]): string[][] => streams.filter((stream) => stream.length > 0);

describe("a simple trace", () => {
  it("comes back as it was written, wherever it is cut into blocks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        fc.boolean(),
        fc.integer({ min: 64, max: 600 }),
        async (records, littleEndian, blockBytes) => {
          const expected = nonEmpty(executed(records));
          fc.pre(expected.length > 0);
          const { bytes } = write(records, littleEndian);
          expect(nonEmpty(await readBack(bytes, blockBytes))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("loses no whole record to a cut at any byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 4, maxLength: 30 }), fc.nat(), async (records, place) => {
        const { bytes, ends, header } = write(records, true);
        const cut = header + (place % (bytes.length - header + 1));
        const expected = nonEmpty(executed(records.slice(0, ends.filter((end) => end <= cut).length)));
        fc.pre(expected.length > 0);
        expect(nonEmpty(await readBack(bytes.subarray(0, cut), 256))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});
