/** The columns of the functions table and how their cells are written. */
import type { ComponentChildren } from "preact";
import {
  categoryNames,
  type FunctionColumn,
  type Metric,
  type InlinedInto,
  type Totals,
  type TraceSummary,
} from "../../../src/protocol/engine";
import {
  costFormat,
  formatCount,
  formatExact,
  formatInlinedInto,
  formatMoment,
  formatPercent,
} from "../../../src/protocol/format";
import { belowRoot } from "../../../src/protocol/sourceRoot";
import { nanoseconds } from "../../../src/protocol/units";
import type { Column } from "../../common/virtualTable";
import type { FunctionRow } from "./functionRows";

/** "self" is the chosen metric: bar, share and value. It sorts by the metric's own column. */
export type TableColumn = FunctionColumn | "self";

export const metricLabels: Record<Metric, string> = {
  instructions: "Instructions",
  executions: "Executions",
  time: "Host time",
};

const columns: readonly Column<TableColumn>[] = [
  { id: "name", label: "Function", hint: "Name from the kernel's symbols" },
  { id: "self", label: "Self", hint: "Cost of the function itself, without what it calls", numeric: true },
  { id: "executions", label: "Executions", hint: "Translated blocks that were executed", numeric: true },
  { id: "instructions", label: "Instructions", hint: "Guest instructions that were executed", numeric: true },
  { id: "time", label: "Time", hint: "Time on the host while the function ran", numeric: true },
  { id: "first", label: "First", hint: "When it was executed for the first time", numeric: true },
  { id: "source", label: "Source", hint: "Where it is defined" },
];

/** The definitions of these columns, in their order. "Self" says what it is measured in: that metric has no column of its own. */
export const definitions = (ids: readonly TableColumn[], metric: Metric): Column<TableColumn>[] =>
  ids
    .flatMap((id) => columns.filter((column) => column.id === id))
    .map((column) =>
      column.id === "self" ? { ...column, label: `${column.label} ${metricLabels[metric].toLowerCase()}` } : column,
    );

/** What the cells need besides the row. */
export interface CellContext {
  readonly metric: Metric;
  readonly clock: TraceSummary["clock"];
  /** Totals of the selected range and of the whole trace. */
  readonly range: Totals;
  readonly trace: Totals;
  /** Costs of the range's costliest function: they fill the whole bar, and times are in the unit that suits them. */
  readonly largest: Totals;
  /** The folder that sources are shown without. */
  readonly sourceRoots: readonly string[];
  readonly open: (row: FunctionRow) => void;
}

export const metricOf = (row: Totals | FunctionRow, metric: Metric): number => row[metric];

const formatMetric = (value: number, metric: Metric, { clock, largest }: CellContext): string =>
  metric === "time" ? costFormat(largest.time, clock)(nanoseconds(value)) : formatCount(value);

const exactMetric = (value: number, metric: Metric, clock: TraceSummary["clock"]): string => {
  const unit = { instructions: "instructions", executions: "executions", time: clock === "host" ? "ns" : "executions" }[
    metric
  ];
  return `${formatExact(Math.round(value))} ${unit}`;
};

function selfCell(row: FunctionRow, context: CellContext): ComponentChildren {
  const { metric, clock, range, trace } = context;
  const largest = context.largest[metric];
  const value = metricOf(row, metric);
  const share = value / range[metric];
  const hint = `${exactMetric(value, metric, clock)}, ${formatPercent(share)} of the selection; selection is ${formatPercent(range[metric] / trace[metric])} of the trace`;
  return (
    <span class="self" title={hint}>
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${largest > 0 ? Math.min(100, (value / largest) * 100).toFixed(2) : 0}%` }} />
      </span>
      <span class="share">{formatPercent(share)}</span>
      <span class="value">{formatMetric(value, metric, context)}</span>
    </span>
  );
}

/** The functions that hold a row's inlined code, with their shares of its cost. */
const hostsHint = ({ functions, cost, count }: InlinedInto, all: number): string => {
  const shares = functions.map((name, host) => `  ${formatPercent(cost[host] / all)}  ${name}`);
  const rest = count > functions.length ? [`  and ${formatExact(count - functions.length)} others`] : [];
  return ["Inlined into", ...shares, ...rest].join("\n");
};

/** Of raw names so many: a function can have dozens of copies. */
const rawNamesShown = 8;

function nameHint(row: FunctionRow, metric: Metric): string {
  const { name, rawNames, address, category, note, inlinedInto } = row;
  const more = rawNames.length - rawNamesShown;
  return [
    name,
    `0x${address} · ${categoryNames[category] ?? "unknown"}`,
    ...(note === "" ? [] : [note]),
    ...(rawNames.length === 0
      ? []
      : ["In the symbol table", ...rawNames.slice(0, rawNamesShown).map((raw) => `  ${raw}`)]),
    ...(more > 0 ? [`  and ${formatExact(more)} others`] : []),
    ...(inlinedInto === null ? [] : [hostsHint(inlinedInto, metricOf(row, metric))]),
  ].join("\n");
}

export function cell(row: FunctionRow, column: TableColumn, context: CellContext): ComponentChildren {
  const { clock } = context;
  switch (column) {
    case "name": {
      const { inlinedInto: into } = row;
      const hint = nameHint(row, context.metric);
      return (
        <span title={hint}>
          {row.file === null ? (
            row.name
          ) : (
            <span class="openable" data-testid="function-name" onClick={() => context.open(row)}>
              {row.name}
            </span>
          )}
          {row.note !== "" && <span class="note"> {row.note}</span>}
          {into !== null && <span class="note"> {formatInlinedInto(into)}</span>}
        </span>
      );
    }
    case "self":
      return selfCell(row, context);
    case "executions":
      return <span title={exactMetric(row.executions, "executions", clock)}>{formatCount(row.executions)}</span>;
    case "instructions":
      return <span title={exactMetric(row.instructions, "instructions", clock)}>{formatCount(row.instructions)}</span>;
    case "time":
      return <span title={exactMetric(row.time, "time", clock)}>{formatMetric(row.time, "time", context)}</span>;
    case "first":
      return (
        <span title={formatMoment(nanoseconds(row.first), clock, 1)}>
          {clock === "host" ? formatMoment(nanoseconds(row.first), clock) : formatCount(row.first)}
        </span>
      );
    case "source": {
      if (row.file === null) return "";
      const line = row.line > 0 ? `:${row.line}` : "";
      return (
        <span class="path openable" title={row.file + line} onClick={() => context.open(row)}>
          <bdi dir="ltr">{belowRoot(row.file, context.sourceRoots) + line}</bdi>
        </span>
      );
    }
  }
}
