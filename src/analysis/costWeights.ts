import type { Metric } from "../protocol/engine";
import type { BlockTable } from "../trace/types";
import type { BlockCosts } from "./blockProfile";
import type { LineAttribution } from "./lineCosts";
import type { RowPieces } from "./rowCosts";

/**
 * What a metric counts of each block: so much per execution, or, of time, such a part of the block's. Blocks that do not belong
 * to what is asked about have 0.
 */
export type CostWeights = ArrayLike<number>;

/** The weights of whole blocks. */
export const wholeBlocks = (instructions: Uint16Array, metric: Metric): CostWeights =>
  metric === "instructions" ? instructions : new Uint8Array(instructions.length).fill(1);

/** The weights of one line of file number `file`, with which costs are those of `lineCosts`. */
export function lineWeights(
  lines: LineAttribution,
  blocks: BlockTable,
  file: number,
  line: number,
  metric: Metric,
): CostWeights {
  const weights = new Float64Array(blocks.count);
  for (let block = 0; block < blocks.count; block++) {
    for (let piece = lines.start[block]; piece < lines.start[block + 1]; piece++) {
      if (lines.file[piece] !== file || lines.line[piece] !== line) continue;
      const all = blocks.instructions[block];
      if (metric === "executions" || all === 0) weights[block] = 1;
      else weights[block] += lines.instructions[piece] / (metric === "time" ? all : 1);
    }
  }
  return weights;
}

/** The weights of some rows, with which costs are those of `rowCosts` before times are rounded. */
export function rowWeights(pieces: RowPieces, rows: ReadonlySet<number>, metric: Metric): CostWeights {
  const { start, row, instructions } = pieces;
  return Float64Array.from({ length: start.length - 1 }, (_, block) => {
    const [from, to] = [start[block], start[block + 1]];
    if (metric === "executions") return rows.has(row[from]) ? 1 : 0;
    let [own, all] = [0, 0];
    for (let piece = from; piece < to; piece++) {
      all += instructions[piece];
      if (rows.has(row[piece])) own += instructions[piece];
    }
    if (metric === "instructions") return own;
    // A block without instruction counts is one piece.
    return all === 0 ? (rows.has(row[from]) ? 1 : 0) : own / all;
  });
}

/** What was spent between two sums of costs, by these weights. Times are rounded to whole nanoseconds. */
export function weightedDifference(from: BlockCosts, to: BlockCosts, weights: CostWeights, metric: Metric): number {
  const column = metric === "time" ? "time" : "executions";
  const [before, after] = [from[column], to[column]];
  let sum = 0;
  for (let block = 0; block < weights.length; block++) {
    if (weights[block] !== 0) sum += weights[block] * (after[block] - before[block]);
  }
  return metric === "time" ? Math.round(sum) : sum;
}
