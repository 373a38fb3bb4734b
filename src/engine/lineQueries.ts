import { hostsShown } from "../analysis/inlinedFunctions";
import { fileExecutions, lineCosts } from "../analysis/lineCosts";
import { rowCosts, totalsOf, type RowCosts } from "../analysis/rowCosts";
import { sumOf } from "../analysis/rounding";
import type { EngineRequests, FunctionOfFile, InlinedInto, LinesResult, TimeRange } from "../protocol/engine";
import { executions, instructions, nanoseconds } from "../protocol/units";
import type { NamedTrace } from "./namedTrace";
import type { TraceSession } from "./session";

/** Source files with cost, most expensive first. Empty without a line table. */
export async function files(session: TraceSession): Promise<EngineRequests["files"]["result"]> {
  const { scanned, named } = await session.ready();
  const lines = await named.lineAttribution();
  if (lines === null) return { file: [], executions: new Float64Array(0) };
  const byFile = fileExecutions(lines, scanned.profile.totals);
  const executed = [...byFile.keys()].filter((file) => byFile[file] > 0).sort((a, b) => byFile[b] - byFile[a]);
  return {
    file: executed.map((file) => lines.files[file]),
    executions: Float64Array.from(executed, (file) => byFile[file]),
  };
}

/** Cost by line of one file, named as the debug information has it; null when it has no such file or no lines at all. */
export async function lines(
  session: TraceSession,
  path: string,
  range: TimeRange | null,
  signal: AbortSignal,
): Promise<LinesResult | null> {
  const { scanned, named } = await session.ready();
  const attribution = await named.lineAttribution();
  const file = attribution?.files.indexOf(path) ?? -1;
  if (attribution === null || file < 0) return null;
  const { revision, complete } = session;
  const { profile } = scanned;
  const costs = await scanned.costs(range, complete, signal);
  const { hosts, ...byLine } = lineCosts(attribution, scanned.file.blocks, file, costs, profile.first);
  const rows = rowCosts(named.rows.attribution, costs);
  const own = rowsOfFile(named, rows, path);
  return {
    revision,
    complete,
    file: path,
    ...byLine,
    inlinedInto: linesInlinedInto(named, byLine.line, hosts, own),
    traceTotals: totalsOf(rowCosts(named.rows.attribution, profile.totals)),
    rangeTotals: totalsOf(rows),
    fileTotals: {
      executions: executions(fileExecutions(attribution, costs)[file]),
      instructions: instructions(sumOf(byLine.instructions)),
      time: nanoseconds(sumOf(byLine.time)),
    },
    functions: functionsOfFile(named, rows, own),
  };
}

/** The rows of the file's functions that ran in the range, by line. */
function rowsOfFile({ rows: { attribution }, sources }: NamedTrace, costs: RowCosts, path: string): number[] {
  return [...attribution.rows.keys()]
    .filter((row) => sources.file[row] === path && (costs.executions[row] > 0 || costs.instructions[row] > 0))
    .sort((a, b) => sources.line[a] - sources.line[b]);
}

function functionsOfFile(named: NamedTrace, costs: RowCosts, own: readonly number[]): FunctionOfFile[] {
  const { rows } = named.rows.attribution;
  const { sources, first } = named;
  return own.map((row) => ({
    name: rows[row].name,
    line: sources.line[row],
    first: nanoseconds(first[row]),
    executions: executions(costs.executions[row]),
    instructions: instructions(costs.instructions[row]),
    time: nanoseconds(costs.time[row]),
  }));
}

/** The functions that hold the code of each line, besides those that begin last above the line: these are around it. */
function linesInlinedInto(
  { rows: { attribution }, sources }: NamedTrace,
  lines: Uint32Array,
  hosts: readonly ReadonlyMap<number, number>[],
  own: readonly number[],
): (InlinedInto | null)[] {
  const ofFile = new Set(own);
  let next = 0;
  let start = 0;
  return hosts.map((byRow, index) => {
    for (; next < own.length && sources.line[own[next]] <= lines[index]; next++) start = sources.line[own[next]];
    const others = [...byRow].filter(([row]) => sources.line[row] !== start || !ofFile.has(row));
    if (others.length === 0) return null;
    const shown = others.sort(([, a], [, b]) => b - a).slice(0, hostsShown);
    return {
      functions: shown.map(([row]) => attribution.rows[row].name),
      cost: shown.map(([, cost]) => cost),
      count: others.length,
      total: others.reduce((sum, [, cost]) => sum + cost, 0),
    };
  });
}
