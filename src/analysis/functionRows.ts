import type { FunctionColumn, FunctionsPage, FunctionsQuery, InlinedInto, Totals } from "../protocol/engine";
import { executions, instructions, nanoseconds } from "../protocol/units";
import type { Row } from "./attribution";
import { parseFilter } from "./filter";
import { largestOf, totalsOf, type RowCosts } from "./rowCosts";
import { sumOf } from "./rounding";

/** Where the functions of the rows are defined. */
export interface RowSources {
  readonly file: readonly (string | null)[];
  /** 1-based; 0 unknown. */
  readonly line: Uint32Array;
  /** The folders that nearly all of them are below; see `sourceRoots`. */
  readonly roots: readonly string[];
}

/** What the functions table is made of. All columns are by row. */
export interface FunctionsInput {
  readonly rows: readonly Row[];
  readonly sources: RowSources;
  /** Of the queried range. */
  readonly costs: RowCosts;
  /** In the whole trace; Infinity: never. */
  readonly first: Float64Array;
  readonly traceTotals: Totals;
  /** Of a row for inlined code: what it was inlined into. */
  readonly inlinedInto: (row: number, metric: keyof RowCosts) => InlinedInto | null;
  readonly revision: number;
  readonly complete: boolean;
}

export type FunctionsView = Pick<
  FunctionsQuery,
  "sort" | "descending" | "filter" | "metric" | "offset" | "limit" | "find"
>;

/** Filters, sorts and cuts out the rows that a table shows. */
export function functionsPage(input: FunctionsInput, view: FunctionsView): FunctionsPage {
  const { rows, sources, costs } = input;
  const executed = executedRows(costs);
  const metric = costs[view.metric];
  const all = sumOf(metric);
  const filterBy = (text: string): ((row: number) => boolean) => {
    const filter = parseFilter(text);
    return (row) =>
      filter({
        name: rows[row].name,
        rawNames: rows[row].rawNames,
        file: sources.file[row],
        module: rows[row].module,
        share: all === 0 ? 0 : metric[row] / all,
      });
  };
  const matched = executed.filter(filterBy(view.filter));
  const sorted = sortRows(matched, input, view.sort, view.descending);
  const offset = Math.max(0, Math.min(view.offset, matched.length));
  const page = sorted.slice(offset, offset + Math.max(0, view.limit));
  const column = (values: Float64Array): Float64Array => Float64Array.from(page, (row) => values[row]);
  return {
    revision: input.revision,
    complete: input.complete,
    offset,
    executed: executed.length,
    matched: matched.length,
    hits: positions(sorted, view.find ?? "", filterBy),
    rangeTotals: totalsOf(costs),
    matchedTotals: totalsOfRows(costs, matched),
    traceTotals: input.traceTotals,
    rangeLargest: largestOf(costs),
    id: Uint32Array.from(page),
    name: page.map((row) => rows[row].name),
    rawNames: page.map((row) => rows[row].rawNames),
    address: BigUint64Array.from(page, (row) => rows[row].address),
    category: Uint8Array.from(page, (row) => rows[row].category),
    file: page.map((row) => sources.file[row]),
    sourceRoots: sources.roots,
    line: Uint32Array.from(page, (row) => sources.line[row]),
    executions: column(costs.executions),
    instructions: column(costs.instructions),
    time: column(costs.time),
    first: column(input.first),
    note: page.map((row) => rows[row].note),
    inlinedInto: page.map((row) => input.inlinedInto(row, view.metric)),
  };
}

/** Where the rows that the words of `find` match stand in their order. */
function positions(
  sorted: readonly number[],
  find: string,
  filterBy: (text: string) => (row: number) => boolean,
): Uint32Array {
  if (find.trim() === "") return new Uint32Array(0);
  const isFound = filterBy(find);
  return Uint32Array.from([...sorted.keys()].filter((position) => isFound(sorted[position])));
}

function executedRows(costs: RowCosts): number[] {
  const executed: number[] = [];
  for (let row = 0; row < costs.executions.length; row++) {
    if (costs.executions[row] !== 0 || costs.instructions[row] !== 0 || costs.time[row] !== 0) executed.push(row);
  }
  return executed;
}

/** Sorts by a column; equal rows are in order of address, whichever direction. */
function sortRows(matched: number[], input: FunctionsInput, by: FunctionColumn, descending: boolean): number[] {
  const { rows } = input;
  const compare = comparison(input, by);
  const sign = descending ? -1 : 1;
  return matched.sort((a, b) => sign * compare(a, b) || compareValues(rows[a].address, rows[b].address) || a - b);
}

function comparison(input: FunctionsInput, by: FunctionColumn): (a: number, b: number) => number {
  const { rows, sources, costs, first } = input;
  const byNumber = (values: Float64Array) => (a: number, b: number) => compareValues(values[a], values[b]);
  switch (by) {
    case "name":
      return (a, b) => compareValues(rows[a].name, rows[b].name);
    case "source":
      return (a, b) =>
        compareValues(sources.file[a] ?? "\uffff", sources.file[b] ?? "\uffff") ||
        compareValues(sources.line[a], sources.line[b]);
    case "first":
      return byNumber(first);
    case "executions":
    case "instructions":
    case "time":
      return byNumber(costs[by]);
  }
}

function compareValues<T extends string | number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function totalsOfRows(costs: RowCosts, rows: readonly number[]): Totals {
  const sum = (values: Float64Array): number => rows.reduce((total, row) => total + values[row], 0);
  return {
    executions: executions(sum(costs.executions)),
    instructions: instructions(sum(costs.instructions)),
    time: nanoseconds(sum(costs.time)),
  };
}
