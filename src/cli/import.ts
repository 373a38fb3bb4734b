/** `bootscope import`: makes a .bst of a trace in another form. */
import path from "node:path";
import { Command } from "commander";
import { infoJson, infoText } from "./info";
import { print, printJson } from "./output";
import { traceEventsOption } from "./traceOptions";
import { tracePath, withEngine } from "./withEngine";

interface Flags {
  readonly output: string;
  readonly traceEvents?: string;
  readonly json?: boolean;
}

export function importCommand(): Command {
  return new Command("import")
    .description("Make a .bst of any other form of trace: logs, simple traces, plugin output (docs/foreign-traces.md).")
    .argument(
      "<trace>",
      "the foreign trace, compressed or not, or - for the standard input; its form is found out from its content",
    )
    .requiredOption("-o, --output <file>", "the .bst file to write")
    .addOption(traceEventsOption())
    .option("--json", "print what was imported as JSON")
    .action(async (trace: string, flags: Flags) => {
      const traceEvents = flags.traceEvents === undefined ? undefined : path.resolve(flags.traceEvents);
      const paths = { path: tracePath(trace), output: path.resolve(flags.output), traceEvents };
      const summary = await withEngine((engine, signal) => engine.request("import", paths, signal));
      if (flags.json === true) printJson(infoJson(summary));
      else print(infoText(summary));
    });
}
