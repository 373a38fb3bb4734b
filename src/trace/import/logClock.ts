/** The clock of a text log: that of its first line that tells of an execution. */
import { lineKind, LogLineParser } from "./logLine";
import type { TraceStart } from "./traceFormat";

export interface LogClock {
  /** Whether lines have time stamps. */
  readonly stamped: boolean;
  /** The second of the first stamp, from which times are counted; NaN without stamps. */
  readonly firstSecond: number;
}

/** Null when no line tells of an execution. */
export function findLogClock({ bytes, end }: TraceStart): LogClock | null {
  const parser = new LogLineParser();
  parser.setBytes(bytes);
  for (let at = 0; at < end;) {
    at = parser.parse(at, end);
    if (parser.kind !== lineKind.execTb && parser.kind !== lineKind.trace) continue;
    return { stamped: !Number.isNaN(parser.stamp.time), firstSecond: parser.stamp.firstSecond };
  }
  return null;
}
