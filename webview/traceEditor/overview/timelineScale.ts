/** What the height of the overview means: cost per time, or a share where cost and axis are the same thing. */
import type { Metric, TimeRange, Timeline } from "../../../src/protocol/engine";
import { formatCount } from "../../../src/protocol/format";
import { span } from "./ranges";

/** What a timeline counts: cost, or the events of a trace without executions. */
export type Measure = Metric | "events";

export interface TimelineScale {
  /** What a bucket's cost is divided by. */
  readonly divisor: number;
  /** Of the axis, e.g. "instructions/s". */
  readonly unit: string;
  format(value: number): string;
}

const nanosecondsPerSecond = 1e9;
/** An axis label; decimals would not fit and say nothing. */
const wholePercent = (share: number): string => `${Math.round(share * 100)} %`;

export function timelineScale(
  metric: Measure,
  clock: "host" | "events",
  range: TimeRange,
  buckets: number,
): TimelineScale {
  const bucket = span(range) / Math.max(1, buckets);
  const positive = bucket > 0 ? bucket : 1;
  if (metric === "time" || (metric === "executions" && clock === "events")) {
    return { divisor: positive, unit: clock === "host" ? "of time" : "of all", format: wholePercent };
  }
  // Instructions by executions.
  if (clock === "events") return { divisor: positive, unit: "per block", format: (value) => value.toFixed(1) };
  const word = { instructions: "instr", executions: "blocks", events: "events" }[metric];
  return { divisor: positive / nanosecondsPerSecond, unit: `${word}/s`, format: formatCount };
}

/** Cost per category in one bucket, and their sum. */
export function bucketAt(timeline: Timeline, moment: number): { values: number[]; total: number } | null {
  const buckets = timeline.values[0]?.length ?? 0;
  const share = (moment - timeline.range.start) / span(timeline.range);
  if (buckets === 0 || !(share >= 0 && share <= 1)) return null;
  const bucket = Math.min(buckets - 1, Math.floor(share * buckets));
  const values = timeline.values.map((column) => column[bucket]);
  return { values, total: values.reduce((sum, value) => sum + value, 0) };
}

/** Cost per category over all buckets, and their sum. */
export function timelineTotals(timeline: Timeline): { values: number[]; total: number } {
  const values = timeline.values.map((column) => column.reduce((sum, value) => sum + value, 0));
  return { values, total: values.reduce((sum, value) => sum + value, 0) };
}

/** Merges neighbouring buckets so that at most `rows` remain, for the chart's table. */
export function coarser(timeline: Timeline, rows: number): Timeline {
  const buckets = timeline.values[0]?.length ?? 0;
  if (buckets <= rows) return timeline;
  const values = timeline.values.map((column) => {
    const merged = new Float64Array(rows);
    column.forEach((value, bucket) => {
      merged[Math.floor((bucket * rows) / buckets)] += value;
    });
    return merged;
  });
  return { ...timeline, values };
}
