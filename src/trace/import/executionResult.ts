import type { ExecutionSink } from "./executionSink";
import type { LogEventSink } from "./logEventSink";
import type { ImportResult } from "./traceFormat";

/**
 * What came of a format whose executions went through a sink. Confirms the last executions, and writes the last events.
 * @param events where its other events went; null: it keeps none
 */
export function executionResult(
  sink: ExecutionSink,
  rest: Pick<ImportResult, "format" | "stamped" | "trust"> & Partial<ImportResult>,
  events: LogEventSink | null = null,
): ImportResult {
  const executionsEnd = sink.finish();
  const { executions, vcpus, stepsBack, startTime } = sink;
  const kept = events?.finish(executions > 0 ? startTime : NaN) ?? { total: 0, origin: 0n, end: 0 };
  return {
    executions,
    vcpus,
    stepsBack,
    endTime: Math.max(executionsEnd, kept.end),
    events: kept.total,
    eventOrigin: kept.origin,
    dropped: 0,
    ...rest,
  };
}
