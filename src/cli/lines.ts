/** `bootscope lines`: cost per line of one source file. */
import type { Command } from "commander";
import type { LinesResult, TraceSummary } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { formatCount, formatMoment, formatShare } from "../protocol/format";
import { nanoseconds } from "../protocol/units";
import { jsonTime, print, printJson, table, timeColumn, trustLines } from "./output";
import { traceCommand, type TraceFlags } from "./traceOptions";
import { withTrace, type OpenedTrace } from "./withEngine";

interface Flags extends TraceFlags {
  readonly file: string;
  readonly json?: boolean;
}

export function linesCommand(): Command {
  return traceCommand("lines", "the kernel that ran, with its debug information, where the trace has none inside")
    .description("List the executed lines of one source file with their cost.")
    .requiredOption("--file <path>", "source file, or the end of its path: mm/slub.c")
    .option("--json", "print JSON")
    .action(async (trace: string, flags: Flags) => {
      await withTrace(trace, flags, async (opened) => {
        const file = await findFile(opened, flags);
        const lines = await opened.engine.request("lines", { trace: opened.trace, file, range: null }, opened.signal);
        if (lines === null) throw unknownFile(flags.file);
        if (flags.json === true) printJson(linesJson(lines, opened.summary));
        else print(linesText(lines, opened.summary));
      });
    });
}

/** The executed file that a path from the command line means: that path, or the only one that ends in it. */
async function findFile({ engine, trace, signal, summary }: OpenedTrace, flags: Flags): Promise<string> {
  const { file: wanted, vmlinux } = flags;
  if (summary.symbols?.hasLines !== true) {
    const [what, how] = vmlinux === undefined ? ["trace", "Give, with --vmlinux,"] : ["vmlinux", "Use"];
    const advice = `${how} a vmlinux that was built with CONFIG_DEBUG_INFO.`;
    throw new BootscopeError("no-symbols", `The ${what} has no line table.`, advice);
  }
  const { file: files } = await engine.request("files", { trace }, signal);
  if (files.includes(wanted)) return wanted;
  const end = `/${wanted.replace(/^(\.?\/)+/, "")}`;
  const found = files.filter((file) => `/${file}`.endsWith(end));
  if (found.length === 1) return found[0];
  if (found.length === 0) throw unknownFile(wanted);
  const message = `${wanted} may be any of ${found.length} files:\n  ${found.slice(0, 10).join("\n  ")}`;
  throw new BootscopeError("not-found", message, "Give more of the path.");
}

const unknownFile = (file: string): BootscopeError =>
  new BootscopeError(
    "not-found",
    `Nothing in ${file} was executed.`,
    "Give a path as `bootscope functions` prints it.",
  );

function linesJson(result: LinesResult, { clock }: TraceSummary): object {
  const totals = ({ executions, instructions, time }: LinesResult["fileTotals"]): object => ({
    executions,
    instructions,
    timeNs: jsonTime(time, clock),
  });
  return {
    file: result.file,
    totals: totals(result.traceTotals),
    fileTotals: totals(result.fileTotals),
    lines: Array.from(result.line, (line, i) => ({
      line,
      executions: result.executions[i],
      instructions: result.instructions[i],
      timeNs: jsonTime(result.time[i], clock),
      firstNs: jsonTime(result.first[i], clock),
      inlinedInto: result.inlinedInto[i],
    })),
    functions: result.functions.map(({ name, line, first, ...cost }) => ({
      name,
      line,
      ...totals(cost),
      firstNs: jsonTime(first, clock),
    })),
  };
}

function linesText(result: LinesResult, summary: TraceSummary): string {
  const { clock, instructionsCounted } = summary;
  const titles = ["line", "of file", "executions", "instructions", "host time", "first"];
  const shareOf = instructionsCounted ? "instructions" : "executions";
  const times = timeColumn(result.time, clock);
  const rows = Array.from(result.line, (line, i) => [
    String(line),
    formatShare(result[shareOf][i], result.fileTotals[shareOf]),
    formatCount(result.executions[i]),
    instructionsCounted ? formatCount(result.instructions[i]) : "–",
    times[i],
    formatMoment(nanoseconds(result.first[i]), clock),
  ]);
  const columns = titles.map((title) => ({ title, align: "right" as const }));
  return `${trustLines(summary)}\n\n${result.file}\n${table(columns, rows)}`;
}
