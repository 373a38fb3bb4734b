/** `bootscope phases`: the phases of a boot. */
import type { Command } from "commander";
import type { Phase, TraceSummary } from "../protocol/engine";
import { formatCount, formatMoment, formatShare } from "../protocol/format";
import { jsonTime, print, printJson, table, trustLines } from "./output";
import { traceCommand, type TraceFlags } from "./traceOptions";
import { withTrace } from "./withEngine";

interface Flags extends TraceFlags {
  readonly json?: boolean;
}

export function phasesCommand(): Command {
  return traceCommand("phases", "the kernel that ran, with its symbols: without, only phases before and after it")
    .description("List the phases of a boot: when each began, what it executed, and what marks it.")
    .option("--json", "print JSON")
    .action(async (trace: string, flags: Flags) => {
      await withTrace(trace, flags, async ({ engine, trace: handle, summary, signal }) => {
        const phases = await engine.request("phases", { trace: handle }, signal);
        if (flags.json === true) printJson(phasesJson(phases, summary));
        else print(phasesText(phases, summary));
      });
    });
}

function phasesJson(phases: readonly Phase[], { clock }: TraceSummary): object {
  return {
    phases: phases.map(({ name, start, end, executions, instructions, evidence }) => ({
      name,
      startNs: jsonTime(start, clock),
      endNs: jsonTime(end, clock),
      executions,
      instructions,
      evidence,
    })),
  };
}

function phasesText(phases: readonly Phase[], summary: TraceSummary): string {
  const { clock, executions: total } = summary;
  const rows = phases.map(({ name, start, executions, instructions, evidence }) => [
    name,
    formatMoment(start, clock),
    formatCount(executions),
    formatShare(executions, total),
    summary.instructionsCounted ? formatCount(instructions) : "–",
    evidence,
  ]);
  const columns = [
    { title: "phase", align: "left" as const },
    ...["start", "executions", "share", "instructions"].map((title) => ({ title, align: "right" as const })),
    { title: "begins with", align: "left" as const },
  ];
  return `${trustLines(summary)}\n\n${table(columns, rows)}`;
}
