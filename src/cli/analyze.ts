/** `bootscope analyze`: runs a module of the user's over the events of a trace, as awk runs a script over lines. */
import path from "node:path";
import { Command } from "commander";
import { loadAnalyzer } from "./analyzerRun";
import { readTraceEvents, type EventFlags } from "./readTraceEvents";

export function analyzeCommand(): Command {
  return new Command("analyze")
    .description("Run your own module over the events of a trace: a method per event name, begin, end and catchall.")
    .argument("<script>", "a module (.mjs) whose default export has the methods; see docs/analyze.md")
    .argument("<trace>", "a .bst file, a simple trace or a log, compressed or not; - for the standard input")
    .argument("[args...]", "given to begin")
    .option("--trace-events <file>", "the trace-events-all of the QEMU that wrote the trace, which names arguments")
    .action(async (script: string, trace: string, args: readonly string[], flags: EventFlags) => {
      const analyzer = await loadAnalyzer(path.resolve(script));
      await analyzer.begin(args);
      await readTraceEvents(trace, flags, (decoder) => analyzer.take(decoder));
      await analyzer.end();
    });
}
