/** `bootscope info`: what a trace is, and how far it can be trusted. */
import type { Command } from "commander";
import type { PlacedFile, TraceSummary } from "../protocol/engine";
import { formatBytes, formatExact, formatMoment, formatPercent } from "../protocol/format";
import { followOption, followTrace, type FollowFlags } from "./followTrace";
import { jsonTime, print, printJson } from "./output";
import { progressLine } from "./progressLine";
import { traceCommand } from "./traceOptions";
import { withTrace } from "./withEngine";

interface Flags extends FollowFlags {
  readonly json?: boolean;
}

export function infoCommand(): Command {
  return traceCommand("info", "also say how much of the trace it names")
    .description("Say what a trace holds and how far its numbers can be trusted.")
    .addOption(followOption())
    .option("--json", "print JSON; with --follow, an object per line for each change")
    .action(async (trace: string, flags: Flags) => {
      if (flags.follow === true) {
        await follow(trace, flags);
        return;
      }
      const summary = await withTrace(trace, flags, (opened) => Promise.resolve(opened.summary));
      if (flags.json === true) printJson(infoJson(summary));
      else print(infoText(summary));
    });
}

/** A line for each change, or one that changes on a terminal; at the end what `info` says. */
async function follow(trace: string, flags: Flags): Promise<void> {
  const line = progressLine(process.stdout);
  const isLine = flags.json !== true && process.stdout.isTTY;
  let before = "";
  await followTrace(trace, flags, {
    part: ({ summary }) => {
      const text = flags.json === true ? JSON.stringify(infoJson(summary)) : partText(summary);
      if (isLine) line.show(text);
      else if (text !== before) print(text);
      before = text;
      return Promise.resolve();
    },
    whole: ({ summary }) => {
      line.clear();
      print(flags.json === true ? JSON.stringify(infoJson(summary)) : infoText(summary));
      return Promise.resolve();
    },
  });
}

function partText({ executions, distinctBlocks, events, fileBytes, symbols, named }: TraceSummary): string {
  const parts = [`${formatExact(executions)} executions of ${formatExact(distinctBlocks)} blocks`];
  if (events > 0) parts.push(`${formatExact(events)} events`);
  if (symbols !== null && executions > 0) parts.push(`${formatPercent(named / executions)} named`);
  return [...parts, formatBytes(fileBytes), "still being written"].join(", ");
}

/** The fields of `info --json`; also what `import --json` prints of the new trace. */
export function infoJson(summary: TraceSummary): object {
  const { trust } = summary;
  return {
    path: summary.path,
    fileBytes: summary.fileBytes,
    format: summary.format,
    executions: summary.executions,
    instructions: summary.instructionsCounted ? summary.instructions : null,
    distinctBlocks: summary.distinctBlocks,
    events: summary.events,
    vcpus: summary.vcpus,
    durationNs: jsonTime(summary.duration, summary.clock),
    clock: summary.clock,
    deterministic: summary.deterministic,
    following: summary.follow === "live",
    trust: trust.level,
    trustReasons: trust.reasons,
    dropped: trust.dropped,
    truncated: trust.truncated,
    damagedBytes: trust.damagedBytes,
    qemu: summary.qemu,
    guest: summary.guest,
    target: summary.target,
    commandLine: summary.commandLine,
    symbols: summary.symbols,
    named: summary.symbols === null ? null : summary.named,
    unnamed: summary.unnamed,
  };
}

/** Where modules and programs were, as /proc/modules and /proc/PID/maps tell it. */
const filesText = (files: readonly PlacedFile[]): string =>
  files.map(({ address, name, blocks }) => `${address} ${name} (${formatExact(blocks)} blocks)`).join("\n");

export function infoText(summary: TraceSummary): string {
  const { trust, clock, symbols } = summary;
  const lines: [string, string][] = [
    ["trust", [trust.level, ...trust.reasons].join("\n")],
    ["guest", [summary.guest, summary.target].filter((part) => part !== null).join(", ") || "unknown"],
    ["qemu", summary.qemu ?? "unknown"],
    ["vcpus", String(summary.vcpus)],
    ["duration", clock === "host" ? formatMoment(summary.duration, clock) : "unknown: the trace has no clock"],
    ["executions", `${formatExact(summary.executions)} of ${formatExact(summary.distinctBlocks)} blocks`],
    ["instructions", summary.instructionsCounted ? formatExact(summary.instructions) : "unknown"],
    ["events", formatExact(summary.events)],
    ["file", `${summary.format}, ${formatBytes(summary.fileBytes)}`],
  ];
  if (trust.dropped > 0) lines.push(["dropped", `${formatExact(trust.dropped)} records`]);
  if (trust.damagedBytes > 0) lines.push(["damaged", formatBytes(trust.damagedBytes)]);
  if (symbols !== null) {
    lines.push([
      "symbols",
      [symbols.path ?? "in the trace", symbols.match.evidence, symbols.problem ?? ""].filter(Boolean).join("\n"),
    ]);
    lines.push(["named", formatPercent(summary.executions > 0 ? summary.named / summary.executions : Number.NaN)]);
  }
  if (symbols !== null && (symbols.files ?? []).length > 0) lines.push(["files", filesText(symbols.files ?? [])]);
  const why = summary.unnamed.map(
    ({ reason, executions }) => `${formatPercent(executions / summary.executions)} ${reason}`,
  );
  if (symbols !== null && why.length > 0) lines.push(["unnamed", why.join("\n")]);
  return lines.map(([key, value]) => key.padEnd(14) + value.replaceAll("\n", `\n${" ".repeat(14)}`)).join("\n");
}
