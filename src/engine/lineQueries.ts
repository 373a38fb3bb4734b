import { fileExecutions, lineCosts } from "../analysis/lineCosts";
import { rowCosts, totalsOf, type RowCosts } from "../analysis/rowCosts";
import { sumOf } from "../analysis/rounding";
import type { EngineRequests, FunctionOfFile, LinesResult, TimeRange } from "../protocol/engine";
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
  const byLine = lineCosts(attribution, scanned.file.blocks, file, costs, profile.first);
  const rows = rowCosts(named.rows.attribution, costs);
  return {
    revision,
    complete,
    file: path,
    ...byLine,
    traceTotals: totalsOf(rowCosts(named.rows.attribution, profile.totals)),
    rangeTotals: totalsOf(rows),
    fileTotals: {
      executions: executions(fileExecutions(attribution, costs)[file]),
      instructions: instructions(sumOf(byLine.instructions)),
      time: nanoseconds(sumOf(byLine.time)),
    },
    functions: functionsOfFile(named, rows, path),
  };
}

/** The file's functions that ran in the range, by line. */
function functionsOfFile(named: NamedTrace, costs: RowCosts, path: string): FunctionOfFile[] {
  const { rows } = named.rows.attribution;
  const { sources, first } = named;
  const own = [...rows.keys()].filter(
    (row) => sources.file[row] === path && (costs.executions[row] > 0 || costs.instructions[row] > 0),
  );
  return own
    .sort((a, b) => sources.line[a] - sources.line[b])
    .map((row) => ({
      name: rows[row].name,
      line: sources.line[row],
      first: nanoseconds(first[row]),
      executions: executions(costs.executions[row]),
      instructions: instructions(costs.instructions[row]),
      time: nanoseconds(costs.time[row]),
    }));
}
