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
 * the trace is missing, and ends with Ctrl+C.
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
    const problems = await readEvents(tracePath(trace), options, take);
    line.clear();
    for (const problem of problems) process.stderr.write(`bootscope: ${problem}\n`);
  } catch (error) {
    throw interrupt.signal.aborted ? new BootscopeError("cancelled", "Interrupted.", "", { cause: error }) : error;
  } finally {
    line.clear();
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}
