import type { Totals } from "../protocol/engine";
import { executions, instructions, nanoseconds } from "../protocol/units";
import type { BlockCosts } from "./blockProfile";
import { roundedToSum, sumOf } from "./rounding";

/** What costs are summed up by: blocks in pieces, each of which belongs to one of the rows. See `Attribution`. */
export interface RowPieces {
  readonly start: Uint32Array;
  readonly row: Uint32Array;
  readonly instructions: Uint32Array;
  readonly rows: { readonly length: number };
}

/** Cost per row of an attribution. Each column adds up to the cost of the blocks it was made of, to the unit. */
export interface RowCosts {
  readonly executions: Float64Array;
  readonly instructions: Float64Array;
  /** Whole nanoseconds. */
  readonly time: Float64Array;
}

/** Sums block costs by row: executions where a block starts, instructions where they are, time by instructions. */
export function rowCosts(attribution: RowPieces, costs: BlockCosts): RowCosts {
  const { start, row, instructions: pieceInstructions } = attribution;
  const count = attribution.rows.length;
  const byRow = {
    executions: new Float64Array(count),
    instructions: new Float64Array(count),
    time: new Float64Array(count),
  };
  for (let block = 0; block < costs.executions.length; block++) {
    const times = costs.executions[block];
    const time = costs.time[block];
    if (times === 0 && time === 0) continue;
    const from = start[block];
    const to = start[block + 1];
    byRow.executions[row[from]] += times;
    if (to === from + 1) {
      byRow.instructions[row[from]] += times * pieceInstructions[from];
      byRow.time[row[from]] += time;
      continue;
    }
    let all = 0;
    for (let piece = from; piece < to; piece++) all += pieceInstructions[piece];
    for (let piece = from; piece < to; piece++) {
      byRow.instructions[row[piece]] += times * pieceInstructions[piece];
      byRow.time[row[piece]] += (time * pieceInstructions[piece]) / all;
    }
  }
  return { ...byRow, time: roundedToSum(byRow.time) };
}

/** When each row was executed first; Infinity: never. */
export function rowFirst(attribution: RowPieces, first: Float64Array): Float64Array {
  const { start, row, rows } = attribution;
  const byRow = new Float64Array(rows.length).fill(Infinity);
  for (let block = 0; block < first.length; block++) {
    for (let piece = start[block]; piece < start[block + 1]; piece++) {
      if (first[block] < byRow[row[piece]]) byRow[row[piece]] = first[block];
    }
  }
  return byRow;
}

export function totalsOf(costs: RowCosts): Totals {
  return {
    executions: executions(sumOf(costs.executions)),
    instructions: instructions(sumOf(costs.instructions)),
    time: nanoseconds(sumOf(costs.time)),
  };
}

/** The largest cost that a row has in each measure. */
export function largestOf(costs: RowCosts): Totals {
  const most = (values: Float64Array): number => values.reduce((largest, value) => Math.max(largest, value), 0);
  return {
    executions: executions(most(costs.executions)),
    instructions: instructions(most(costs.instructions)),
    time: nanoseconds(most(costs.time)),
  };
}
