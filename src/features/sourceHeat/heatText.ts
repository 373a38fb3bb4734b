/** The words and numbers of source heat. Pure: what VS Code shows is made of these strings. */
import type {
  CostHistory,
  FunctionOfFile,
  InlinedInto,
  LinesResult,
  Metric,
  TimeRange,
  Totals,
} from "../../protocol/engine";
import { formatCost, formatCount, formatExact, formatMoment, formatPercent, formatShare } from "../../protocol/format";
import { nanoseconds } from "../../protocol/units";
import type { HeatLine } from "./fileHeat";

/** What the numbers of a trace mean, and which part of it they are of. */
export interface HeatContext {
  readonly metric: Metric;
  readonly clock: "host" | "events";
  readonly instructionsCounted: boolean;
  readonly range: TimeRange | null;
  /** File name of the trace. */
  readonly trace: string;
}

/** So many of the functions that a line was inlined into are told by name. */
const hostsTold = 4;

/** The editor joins ordinary spaces; these stay. */
const space = "\u00a0";
const gap = space.repeat(2);
const keepSpaces = (text: string): string => text.replaceAll(" ", space);

/** A count that is exact while it is short: `18,234×`, `1.24 M×`. */
const times = (count: number): string => `${count < 100_000 ? formatExact(count) : formatCount(count)}×`;

function cost(totals: Totals, { metric, clock }: HeatContext): string {
  switch (metric) {
    case "instructions":
      return formatCount(totals.instructions);
    case "executions":
      return times(totals.executions);
    case "time":
      return formatCost(totals.time, clock);
  }
}

/**
 * The text at the end of a hot line, padded so that the columns of neighbouring lines stand below each other. Beside a trace
 * little of the editor is to be seen: what matters most comes first, units that the hover tells are left out.
 */
export function lineLabel(line: HeatLine, context: HeatContext): string {
  const percent = keepSpaces(formatPercent(line.share).padStart(6));
  const value = cost(line, context);
  if (context.metric === "executions") return percent + gap + value;
  return percent + gap + keepSpaces(value.padStart(6)) + gap + keepSpaces(times(line.executions).padStart(8));
}

/** The text at the first line of a function; what it cost in numbers is in the hover. */
export function functionLabel(entry: FunctionOfFile, rangeTotals: Totals, context: HeatContext): string {
  const share = formatShare(entry[context.metric], rangeTotals[context.metric]);
  const first = `first ${formatMoment(entry.first, context.clock)}`;
  return keepSpaces(`self ${share}`) + gap + keepSpaces(first);
}

/** A name inside a Markdown table and code span: what would end either is replaced. */
const code = (name: string): string => `\`${name.replaceAll(/[`|\r\n\\]/g, "_")}\``;

const rangeText = ({ range, clock, trace }: HeatContext): string =>
  range === null
    ? code(trace)
    : `${formatMoment(range.start, clock)} – ${formatMoment(range.end, clock)} of ${code(trace)}`;

/** Rows of exact values and their shares of the range and of the file. */
function table(totals: Totals, result: LinesResult, context: HeatContext, file: boolean): string {
  const { clock, instructionsCounted } = context;
  const rows: [string, string, Metric][] = [];
  if (instructionsCounted) rows.push(["Instructions", formatExact(totals.instructions), "instructions"]);
  rows.push(["Executions of its blocks", formatExact(totals.executions), "executions"]);
  if (clock === "host") rows.push(["Host time", `${formatExact(totals.time)} ns`, "time"]);
  const shares = (metric: Metric): string => {
    const columns = [formatShare(totals[metric], result.rangeTotals[metric])];
    if (context.range !== null) columns.push(formatShare(totals[metric], result.traceTotals[metric]));
    if (file) columns.push(formatShare(totals[metric], result.fileTotals[metric]));
    return columns.join(" | ");
  };
  // Hovers set columns without a gap.
  const heads = [context.range === null ? `${gap}of the trace` : `${gap}of the range`];
  if (context.range !== null) heads.push(`${gap}of the trace`);
  if (file) heads.push(`${gap}of this file`);
  return [
    `| | | ${heads.join(" | ")} |`,
    `|:--|--:|${"--:|".repeat(heads.length)}`,
    ...rows.map(([name, exact, metric]) => `| ${name} | ${gap}${exact} | ${shares(metric)} |`),
  ].join("\n");
}

const link = (name: string): string => {
  const parameters = encodeURIComponent(JSON.stringify([name]));
  return `[Show in trace](command:bootscope.showInTrace?${parameters} "Show the function in the trace editor")`;
};

const firstText = (first: number, { clock }: HeatContext): string =>
  `First executed at ${formatMoment(nanoseconds(first), clock, 1e3)}.`;

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** A line of bars, the highest for the largest value; a dot where there is nothing. */
export function histogram(values: Float64Array): string {
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return Array.from(values, (value) => (value > 0 ? bars[Math.ceil((value / largest) * bars.length) - 1] : "·")).join(
    "",
  );
}

/** When the cost was spent: over the range, and in which phases of the boot. */
function historyText({ range, values, phases }: CostHistory, { clock, metric }: HeatContext): string[] {
  if (!values.some((value) => value > 0)) return [];
  const [start, end] = [range.start, range.end].map((moment) => formatMoment(moment, clock));
  const all = phases.reduce((sum, { cost }) => sum + cost, 0);
  const shares = phases.map(({ name, cost }) => `${name} ${formatPercent(cost / all)}`);
  const what = { instructions: "Instructions", executions: "Executions", time: "Host time" }[metric];
  return [
    `${what} over time: ${start} \`${histogram(values)}\` ${end}`,
    ...(shares.length === 0 ? [] : [`By phase: ${shares.join(", ")}.`]),
  ];
}

/** The functions that hold the line's code, with what they have of its instructions. */
function inlinedText({ functions, cost, count }: InlinedInto, all: number): string {
  const shown = functions
    .slice(0, hostsTold)
    .map((name, host) => `${code(name)}${all > 0 ? ` (${formatPercent(cost[host] / all)})` : ""}`);
  const others = count - shown.length;
  if (others > 0) shown.push(`${formatExact(others)} ${others === 1 ? "other" : "others"}`);
  const last = shown.pop();
  return `Inlined into ${shown.length === 0 ? "" : `${shown.join(", ")} and `}${last}.`;
}

/** Markdown for the hover of a hot line. */
export function lineHover(
  line: HeatLine,
  result: LinesResult,
  context: HeatContext,
  history: CostHistory | null,
): string {
  const { function: owner, inlinedInto: into } = line;
  const title = owner === undefined ? `**Line ${line.line}**` : `**${code(owner.name)}**, line ${line.line}`;
  const ofFunction = owner === undefined ? "" : ` ${formatPercent(line.functionShare)} of the function's lines.`;
  return [
    `${title} in ${rangeText(context)}`,
    table(line, result, context, true),
    firstText(line.first, context) + ofFunction,
    ...(history === null ? [] : historyText(history, context)),
    ...(into === null ? [] : [inlinedText(into, line.instructions)]),
    ...(owner === undefined ? [] : [link(owner.name)]),
  ].join("\n\n");
}

/** Markdown for the hover of a function's first line. */
export function functionHover(
  entry: FunctionOfFile,
  result: LinesResult,
  context: HeatContext,
  history: CostHistory | null,
): string {
  return [
    `**${code(entry.name)}** in ${rangeText(context)}`,
    table(entry, result, context, false),
    firstText(entry.first, context),
    ...(history === null ? [] : historyText(history, context)),
    link(entry.name),
  ].join("\n\n");
}
