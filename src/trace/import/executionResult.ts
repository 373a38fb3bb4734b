import type { ExecutionSink } from "./executionSink";
import type { LogEventSink } from "./logEventSink";
import type { ImportResult } from "./traceFormat";

type Rest = Pick<ImportResult, "format" | "stamped" | "trust"> & Partial<ImportResult>;

/**
 * What came of a format whose executions went through a sink. Confirms the last executions, and writes the last events.
 * @param events where its other events went; null: it keeps none
 */
export function executionResult(sink: ExecutionSink, rest: Rest, events: LogEventSink | null = null): ImportResult {
  sink.finish();
  events?.finish();
  return resultSoFar(sink, rest, events);
}

/** As `executionResult`, of what was read and confirmed until now. */
export function resultSoFar(sink: ExecutionSink, rest: Rest, events: LogEventSink | null = null): ImportResult {
  const { executions, vcpus, stepsBack, startTime, endTime } = sink;
  const kept = events?.kept(executions > 0 ? startTime : NaN) ?? { total: 0, origin: 0n, end: 0 };
  return {
    executions,
    vcpus,
    stepsBack,
    endTime: Math.max(endTime, kept.end),
    events: kept.total,
    eventOrigin: kept.origin,
    dropped: 0,
    ...rest,
  };
}
