/** Which columns the functions table has: those whose numbers the trace holds, each once, and of these as many as fit. Pure. */
import type { Metric, TraceSummary } from "../../../src/protocol/engine";
import { metrics } from "../restoreView";
import type { TableColumn } from "./functionColumns";

/** What decides about columns. */
export type Counted = Pick<TraceSummary, "instructionsCounted" | "clock">;

/** The metrics that a trace can be measured in: a log counts no instructions, and has no clock. */
export const availableMetrics = ({ instructionsCounted, clock }: Counted): readonly Metric[] =>
  metrics.filter(
    (metric) => (metric !== "instructions" || instructionsCounted) && (metric !== "time" || clock === "host"),
  );

/** The wanted metric where the trace has it, else the first that it has. */
export function effectiveMetric(wanted: Metric, counted: Counted): Metric {
  const available = availableMetrics(counted);
  return available.includes(wanted) ? wanted : available[0];
}

/** Widths as CSS grid tracks, and the narrowest that each column needs, in pixels. */
const tracks: Record<TableColumn, { readonly track: string; readonly least: number }> = {
  name: { track: "minmax(110px, 1.8fr)", least: 220 },
  self: { track: "minmax(190px, 1.4fr)", least: 195 },
  executions: { track: "minmax(112px, 0.5fr)", least: 112 },
  instructions: { track: "minmax(112px, 0.5fr)", least: 112 },
  time: { track: "minmax(84px, 0.5fr)", least: 84 },
  first: { track: "minmax(80px, 0.5fr)", least: 80 },
  source: { track: "minmax(90px, 1.8fr)", least: 240 },
};
const order: readonly TableColumn[] = ["name", "self", "executions", "instructions", "time", "first", "source"];
/** From the column that is missed least. */
const expendable: readonly TableColumn[] = ["time", "instructions", "executions", "source", "first"];

export interface TableLayout {
  readonly columns: readonly TableColumn[];
  /** For `grid-template-columns`. */
  readonly template: string;
}

/** The columns of a table of this width, in pixels. */
export function tableLayout(width: number, metric: Metric, counted: Counted): TableLayout {
  const available = availableMetrics(counted);
  // The metric's own column would repeat what "self" shows.
  const isShown = (column: TableColumn): boolean =>
    !(metrics as readonly string[]).includes(column) ||
    (column !== metric && (available as readonly string[]).includes(column));
  let columns = order.filter(isShown);
  const needed = (): number => columns.reduce((sum, name) => sum + tracks[name].least, 0);
  for (const column of expendable) {
    if (needed() <= width) break;
    columns = columns.filter((name) => name !== column);
  }
  return { columns, template: columns.map((name) => tracks[name].track).join(" ") };
}
