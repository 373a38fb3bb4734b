/** `bootscope functions`: cost per function. */
import { Option, type Command } from "commander";
import type { FunctionColumn, FunctionsPage, Metric, TraceSummary } from "../protocol/engine";
import { formatCount, formatExact, formatInlinedInto, formatMoment, formatShare } from "../protocol/format";
import { belowRoot } from "../protocol/sourceRoot";
import { nanoseconds } from "../protocol/units";
import { followOption, followTrace, type FollowFlags } from "./followTrace";
import { parseLimit } from "./limit";
import { hex, jsonTime, print, printJson, table, timeColumn, trustLines } from "./output";
import { traceCommand } from "./traceOptions";
import { withTrace, type OpenedTrace } from "./withEngine";

type Order = "executions" | "instructions" | "time" | "first";

interface Flags extends FollowFlags {
  readonly limit?: number;
  readonly sort?: Order;
  readonly filter?: string;
  readonly inlined?: boolean;
  readonly json?: boolean;
}

const screenful = 25;

export function functionsCommand(): Command {
  return traceCommand("functions", "the kernel that ran, with its symbols")
    .description("List the functions that a trace executed, most expensive first.")
    .option("--limit <rows>", `at most so many (default: ${screenful}; all with --json)`, parseLimit)
    .addOption(
      new Option(
        "--sort <column>",
        "order of the rows (default: instructions; executions where those are unknown)",
      ).choices(["executions", "instructions", "time", "first"]),
    )
    .option("--filter <terms>", "words of names, file:…, dir:…, module:…, >1%")
    .option("--inlined", "count inlined code for the function that was inlined")
    .addOption(followOption())
    .option("--json", "print JSON")
    .action(async (trace: string, flags: Flags) => {
      if (flags.follow !== true) await withTrace(trace, flags, (opened) => show(opened, flags));
      else {
        await followTrace(trace, flags, {
          // Only a terminal can show one table in the place of another.
          part: async (opened) => {
            if (!process.stdout.isTTY || flags.json === true) return;
            const text = functionsText(await pageOf(opened, flags), opened.summary, metricOf(orderOf(opened, flags)));
            print(`${clearScreen}${text}`);
          },
          whole: (opened) => show(opened, flags, process.stdout.isTTY && flags.json !== true ? clearScreen : ""),
        });
      }
    });
}

const clearScreen = "\u001b[H\u001b[2J";

async function show(opened: OpenedTrace, flags: Flags, before = ""): Promise<void> {
  const page = await pageOf(opened, flags);
  if (flags.json === true) printJson(functionsJson(page, opened.summary));
  else print(`${before}${functionsText(page, opened.summary, metricOf(orderOf(opened, flags)))}`);
}

function pageOf(opened: OpenedTrace, flags: Flags): Promise<FunctionsPage> {
  const { engine, trace, signal } = opened;
  const sort = orderOf(opened, flags);
  return engine.request(
    "functions",
    {
      trace,
      range: null,
      sort,
      descending: sort !== "first",
      filter: flags.filter ?? "",
      metric: metricOf(sort),
      inlined: flags.inlined === true,
      offset: 0,
      limit: flags.limit ?? (flags.json === true ? Number.MAX_SAFE_INTEGER : screenful),
    },
    signal,
  );
}

const orderOf = ({ summary }: OpenedTrace, { sort }: Flags): Order =>
  sort ?? (summary.instructionsCounted ? "instructions" : "executions");

/** What shares are of. */
const metricOf = (sort: FunctionColumn): Metric => (sort === "executions" || sort === "time" ? sort : "instructions");

function functionsJson(page: FunctionsPage, { clock }: TraceSummary): object {
  const { executions, instructions, time } = page.traceTotals;
  return {
    totals: { executions, instructions, timeNs: jsonTime(time, clock) },
    executed: page.executed,
    matched: page.matched,
    functions: page.name.map((name, i) => ({
      name,
      rawNames: page.rawNames[i],
      address: hex(page.address[i]),
      file: page.file[i],
      line: page.file[i] === null ? null : page.line[i],
      executions: page.executions[i],
      instructions: page.instructions[i],
      timeNs: jsonTime(page.time[i], clock),
      firstNs: jsonTime(page.first[i], clock),
      note: page.note[i] === "" ? null : page.note[i],
      inlinedInto: page.inlinedInto[i],
    })),
  };
}

function nameOf({ name, inlinedInto }: FunctionsPage, row: number): string {
  const into = inlinedInto[row];
  return into === null ? name[row] : `${name[row]} (${formatInlinedInto(into)})`;
}

/** Where a function is defined, or why it has no name. */
function sourceOf({ file, line, note, sourceRoots }: FunctionsPage, row: number): string {
  const path = file[row];
  return path === null ? note[row] : `${belowRoot(path, sourceRoots)}:${line[row]}`;
}

function functionsText(page: FunctionsPage, summary: TraceSummary, metric: Metric): string {
  const { clock, instructionsCounted } = summary;
  const shareOf: Metric = metric === "instructions" && !instructionsCounted ? "executions" : metric;
  const times = timeColumn(page.time, clock);
  const rows = page.name.map((_, i) => [
    formatShare(page[shareOf][i], page.traceTotals[shareOf]),
    formatCount(page.executions[i]),
    instructionsCounted ? formatCount(page.instructions[i]) : "–",
    times[i],
    formatMoment(nanoseconds(page.first[i]), clock),
    nameOf(page, i),
    sourceOf(page, i),
  ]);
  const right = ["of " + shareOf, "executions", "instructions", "host time", "first"];
  const columns = [
    ...right.map((title) => ({ title, align: "right" as const })),
    { title: "function", align: "left" as const },
    { title: "source", align: "left" as const },
  ];
  const rest = page.matched - rows.length;
  const more = rest > 0 ? `\n… and ${formatExact(rest)} more (--limit)` : "";
  const none = page.executed === 0 ? "The trace holds no executions." : "No executed function matches the filter.";
  const shown = page.matched === 0 ? none : table(columns, rows);
  return `${trustLines(summary)}\n\n${shown}${more}`;
}
