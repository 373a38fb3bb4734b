/** Logs of several vCPUs without times: their common order is the time of the trace. */
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { BlockScanner } from "../../../src/analysis/blockScan";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile, readChunk } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";

interface Line {
  readonly vcpu: number;
  readonly block: number;
}

const slices = fc.array(
  fc.record({
    vcpu: fc.nat(2),
    pattern: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    repeats: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const linesOf = (list: readonly { vcpu: number; pattern: readonly number[]; repeats: number }[]): Line[] =>
  list.flatMap(({ vcpu, pattern, repeats }) =>
    Array.from({ length: repeats }, () => pattern.map((block) => ({ vcpu, block }))).flat(),
  );

const address = (block: number): string => (0x1000 + block * 16).toString(16).padStart(16, "0");

/** Executions per block address in each of the stretches between `edges`. */
async function imported(lines: readonly Line[], edges: readonly number[]): Promise<Map<string, number>[]> {
  const log = await temporaryFile("qemu.log");
  await writeFile(
    log,
    lines
      .map(({ vcpu, block }) => `Trace ${vcpu}: 0x7f0000 [0000000000000000/${address(block)}/00000040/ff000200] \n`)
      .join(""),
  );
  await importTrace(log, `${log}.bst`);
  const trace = await openTraceFile(`${log}.bst`);
  const scanner = new BlockScanner();
  scanner.useBlocks({ instructions: trace.blocks.instructions, clock: "events" });
  const counts = edges.slice(1).map(() => new Map<string, number>());
  const file = openSync(trace.path, "r");
  for (const chunk of trace.chunks) {
    const { columns } = scanner.scan(readChunk(file, chunk), chunk, Float64Array.from(edges));
    expect(columns.time).toEqual(columns.executions);
    columns.bucket.forEach((bucket, i) => {
      for (let entry = columns.start[i]; entry < columns.start[i + 1]; entry++) {
        const key = trace.blocks.address[columns.block[entry]].toString(16).padStart(16, "0");
        counts[bucket].set(key, (counts[bucket].get(key) ?? 0) + columns.executions[entry]);
      }
    });
  }
  closeSync(file);
  return counts;
}

const sorted = (counts: Map<string, number>): [string, number][] => [...counts].sort(([a], [b]) => a.localeCompare(b));

it("puts every execution where its line is", async () => {
  await fc.assert(
    fc.asyncProperty(slices, fc.array(fc.nat(400), { maxLength: 3 }), async (list, cuts) => {
      const lines = linesOf(list);
      const inner = [...new Set(cuts)].filter((cut) => cut > 0 && cut < lines.length).sort((a, b) => a - b);
      const edges = [0, ...inner, lines.length];
      const expected = edges.slice(1).map((end, index) => {
        const counts = new Map<string, number>();
        for (const { block } of lines.slice(edges[index], end)) {
          counts.set(address(block), (counts.get(address(block)) ?? 0) + 1);
        }
        return counts;
      });
      expect((await imported(lines, edges)).map(sorted)).toEqual(expected.map(sorted));
    }),
    { numRuns: 40 },
  );
});
