import type { ExecutionSink } from "./executionSink";
import type { ImportResult } from "./traceFormat";

/** What came of a format whose executions went through a sink, and which keeps no other events. Confirms the last executions. */
export function executionResult(
  sink: ExecutionSink,
  rest: Pick<ImportResult, "format" | "stamped" | "trust"> & Partial<ImportResult>,
): ImportResult {
  const endTime = sink.finish();
  const { executions, vcpus, stepsBack } = sink;
  return { executions, vcpus, stepsBack, endTime, events: 0, eventOrigin: 0n, dropped: 0, ...rest };
}
