import path from "node:path";
import { BootscopeError } from "../protocol/failure";
import { formatPercent } from "../protocol/format";
import { readEvents } from "../trace/events/eventChunks";
import type { TakeChunk, TextLines } from "../trace/events/eventReading";
import { progressLine } from "./progressLine";
import { tracePath } from "./withEngine";

export interface EventFlags {
  readonly traceEvents?: string;
}

/**
 * Goes through the events of a trace. Shows progress on a terminal while nothing is printed to one, says at the end what of
 * the trace is missing or that there are none, and ends with Ctrl+C.
 * @param lines takes them as lines instead, from formats that print them at once
 */
export async function readTraceEvents(
  trace: string,
  { traceEvents }: EventFlags,
  take: TakeChunk,
  lines?: TextLines,
): Promise<void> {
  const line = progressLine();
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const progress = (done: number, total: number): void => {
    if (!process.stdout.isTTY && Number.isFinite(total))
      line.show(`Reading … ${formatPercent(done / Math.max(1, total))}`);
  };
  const given = traceEvents === undefined ? undefined : path.resolve(traceEvents);
  try {
    const options = { traceEvents: given, signal: interrupt.signal, progress, lines };
    let found = lines !== undefined;
    const problems = await readEvents(tracePath(trace), options, (decoder, source) => {
      found = true;
      return take(decoder, source);
    });
    line.clear();
    if (!found)
      process.stderr.write(`bootscope: ${trace} has no events besides executions: those are for \`functions\`.\n`);
    for (const problem of problems) process.stderr.write(`bootscope: ${problem}\n`);
  } catch (error) {
    throw interrupt.signal.aborted ? new BootscopeError("cancelled", "Interrupted.", "", { cause: error }) : error;
  } finally {
    line.clear();
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}
