/** Which lines of a source file are worth showing, and how hot they are. Pure. */
import type { FunctionOfFile, InlinedInto, LinesResult, Metric, Totals } from "../../protocol/engine";
import { executions, instructions, nanoseconds, type Nanoseconds } from "../../protocol/units";

/** Steps of the background colour and of the gutter bar. */
export const buckets = [1, 2, 3, 4, 5] as const;
export type Bucket = (typeof buckets)[number];

/** The cost of one line; all numbers are of the selected range. */
export interface HeatLine extends Totals {
  /** 1-based. */
  readonly line: number;
  readonly first: Nanoseconds;
  /** Shares (0 … 1) of the metric in the range, in this file, and in the lines of the function around it. */
  readonly share: number;
  readonly fileShare: number;
  readonly functionShare: number;
  /** How hot in the whole range (colour) and in its function (length of the bar). */
  readonly bucket: Bucket;
  readonly bar: Bucket;
  /** The function around the line, when code of it is on the line. */
  readonly function: FunctionOfFile | undefined;
  readonly inlinedInto: InlinedInto | null;
}

/** What is shown of a file. Lines and functions are sorted by line. */
export interface FileHeat {
  readonly lines: readonly HeatLine[];
  readonly functions: readonly FunctionOfFile[];
}

/** More decorations than this make an editor slow; the most expensive lines are kept. */
const maximumLines = 1000;

/**
 * A kernel spreads its cost over thousands of lines: one that takes 2 % of a whole boot is very hot. The steps are about
 * a factor of four apart.
 */
const shareSteps = [0.0003, 0.001, 0.005, 0.02] as const;
const functionShareSteps = [0.03, 0.1, 0.2, 0.4] as const;

const step = (share: number, steps: readonly number[]): Bucket =>
  (1 + steps.filter((from) => share >= from).length) as Bucket;
export const shareBucket = (share: number): Bucket => step(share, shareSteps);
export const functionShareBucket = (share: number): Bucket => step(share, functionShareSteps);

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** The function that holds a line: the last one that starts at or above it. `functions` need not be sorted. */
export function functionAt(functions: readonly FunctionOfFile[], line: number): FunctionOfFile | undefined {
  let found: FunctionOfFile | undefined;
  for (const candidate of functions) {
    if (candidate.line <= line && (found === undefined || candidate.line > found.line)) found = candidate;
  }
  return found;
}

/** The function of each row, in one pass: rows and functions are walked by line together. */
function functionOfRows(lines: Uint32Array, functions: readonly FunctionOfFile[]): (FunctionOfFile | undefined)[] {
  const found: (FunctionOfFile | undefined)[] = [];
  let next = 0;
  for (const line of lines) {
    while (next < functions.length && functions[next].line <= line) next++;
    found.push(next === 0 ? undefined : functions[next - 1]);
  }
  return found;
}

/**
 * The lines and functions of a file that get decorations.
 *
 * @param threshold least share of the file's cost in percent
 */
export function fileHeat(result: LinesResult, metric: Metric, threshold: number): FileHeat {
  const values = result[metric];
  const total = (totals: Totals): number => totals[metric];
  const functions = result.functions.filter(({ line }) => line > 0).sort((a, b) => a.line - b.line);
  const owners = functionOfRows(result.line, functions).map((owner, row) => {
    const into = result.inlinedInto[row];
    return into === null || into.total < result.instructions[row] ? owner : undefined;
  });
  const costOf = new Map<FunctionOfFile | undefined, number>();
  owners.forEach((owner, row) => costOf.set(owner, (costOf.get(owner) ?? 0) + values[row]));

  const least = (total(result.fileTotals) * threshold) / 100;
  let rows = Array.from(values.keys()).filter((row) => values[row] > 0 && values[row] >= least && result.line[row] > 0);
  if (rows.length > maximumLines) {
    rows = rows.sort((a, b) => values[b] - values[a]).slice(0, maximumLines);
    rows.sort((a, b) => a - b);
  }
  const lines = rows.map((row): HeatLine => {
    const share = ratio(values[row], total(result.rangeTotals));
    const functionShare = ratio(values[row], costOf.get(owners[row]) ?? 0);
    return {
      line: result.line[row],
      executions: executions(result.executions[row]),
      instructions: instructions(result.instructions[row]),
      time: nanoseconds(result.time[row]),
      first: nanoseconds(result.first[row]),
      share,
      fileShare: ratio(values[row], total(result.fileTotals)),
      functionShare,
      bucket: shareBucket(share),
      bar: functionShareBucket(functionShare),
      function: owners[row],
      inlinedInto: result.inlinedInto[row],
    };
  });
  return { lines, functions: functions.filter((entry) => total(entry) > 0 && total(entry) >= least) };
}
