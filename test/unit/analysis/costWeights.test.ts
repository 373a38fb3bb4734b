import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noCosts, type BlockCosts } from "../../../src/analysis/blockProfile";
import { lineWeights, rowWeights, weightedDifference, type CostWeights } from "../../../src/analysis/costWeights";
import { lineCosts, type LineAttribution } from "../../../src/analysis/lineCosts";
import { rowCosts, type RowPieces } from "../../../src/analysis/rowCosts";
import type { Metric } from "../../../src/protocol/engine";
import type { BlockTable } from "../../../src/trace/types";

const metrics: readonly Metric[] = ["instructions", "executions", "time"];

interface Piece {
  readonly row: number;
  readonly line: number;
  readonly instructions: number;
}

/** Blocks of one to three pieces, each of one of three functions and of one of four lines of one file. */
const anyBlocks = fc.array(
  fc.record({
    pieces: fc.uniqueArray(
      fc.record({ row: fc.nat(2), line: fc.integer({ min: 1, max: 4 }), instructions: fc.integer({ min: 1, max: 9 }) }),
      { minLength: 1, maxLength: 3, selector: ({ row, line }) => `${row} ${line}` },
    ),
    executions: fc.nat(1000),
    time: fc.nat(100_000),
  }),
  { minLength: 1, maxLength: 8 },
);

function columns(blocks: readonly { readonly pieces: readonly Piece[] }[]) {
  const pieces = blocks.flatMap((block) => block.pieces);
  const start = new Uint32Array(blocks.length + 1);
  blocks.forEach((block, index) => (start[index + 1] = start[index] + block.pieces.length));
  const column = (value: (piece: Piece) => number) => Uint32Array.from(pieces, value);
  const ofRows: RowPieces = {
    start,
    row: column(({ row }) => row),
    instructions: column(({ instructions }) => instructions),
    rows: { length: 3 },
  };
  const lines: LineAttribution = {
    files: ["a.c"],
    start,
    file: new Int32Array(pieces.length),
    line: column(({ line }) => line),
    host: ofRows.row,
    instructions: ofRows.instructions,
  };
  const counts = blocks.map((block) => block.pieces.reduce((sum, { instructions }) => sum + instructions, 0));
  const table = { count: blocks.length, instructions: Uint16Array.from(counts) } as unknown as BlockTable;
  return { ofRows, lines, table };
}

const spent = (weights: CostWeights, costs: BlockCosts, metric: Metric): number =>
  weightedDifference(noCosts(weights.length), costs, weights, metric);

describe("the weights of blocks", () => {
  it("make of costs what the tables of functions and lines make of them", () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const { ofRows, lines, table } = columns(blocks);
        const costs: BlockCosts = {
          executions: Float64Array.from(blocks, ({ executions }) => executions),
          time: Float64Array.from(blocks, ({ time }) => time),
        };
        const byRow = rowCosts(ofRows, costs);
        const byLine = lineCosts(lines, table, 0, costs, new Float64Array(blocks.length));
        for (const metric of metrics) {
          // Tables round times so that their sum is whole.
          const tolerance = metric === "time" ? 1 : 1e-6;
          for (const row of [0, 1, 2]) {
            const own = spent(rowWeights(ofRows, new Set([row]), metric), costs, metric);
            expect(Math.abs(own - byRow[metric][row])).toBeLessThanOrEqual(tolerance);
          }
          byLine.line.forEach((line, index) => {
            const own = spent(lineWeights(lines, table, 0, line, metric), costs, metric);
            expect(Math.abs(own - byLine[metric][index])).toBeLessThanOrEqual(tolerance);
          });
        }
        expect([...Array.from(lineWeights(lines, table, 1, 1, "instructions"))]).toEqual(blocks.map(() => 0));
      }),
    );
  });
});
