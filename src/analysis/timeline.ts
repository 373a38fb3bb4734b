import { categoryNames, type Metric, type TimeRange } from "../protocol/engine";
import type { Attribution } from "./attribution";
import type { BlockProfile } from "./blockProfile";
import type { CostWeights } from "./costWeights";
import type { ScanColumns } from "./scanColumns";

/** What a timeline needs to know of each block. */
export interface TimelineBlocks {
  readonly category: Uint8Array;
  /** For the metric that is asked for. */
  readonly weights: CostWeights;
}

/** Category per block: that of the row in which it starts. */
export function blockCategories(attribution: Attribution): Uint8Array {
  const count = attribution.start.length - 1;
  return Uint8Array.from(
    { length: count },
    (_, block) => attribution.rows[attribution.row[attribution.start[block]]].category,
  );
}

/** Edges of `count` equal buckets over a range. */
export function viewEdges(range: TimeRange, count: number): Float64Array {
  const width = (range.end - range.start) / count;
  return Float64Array.from({ length: count + 1 }, (_, index) =>
    index === count ? range.end : range.start + index * width,
  );
}

/** `values[category][bucket]`, zero. */
export const emptyTimeline = (count: number): Float64Array[] => categoryNames.map(() => new Float64Array(count));

/** Adds what a scan by the view's own edges found. Exact. */
export function addScan(values: Float64Array[], columns: ScanColumns, blocks: TimelineBlocks, metric: Metric): void {
  for (let i = 0; i < columns.bucket.length; i++) {
    for (let entry = columns.start[i]; entry < columns.start[i + 1]; entry++) {
      const block = columns.block[entry];
      const cost = blocks.weights[block] * (metric === "time" ? columns.time[entry] : columns.executions[entry]);
      values[blocks.category[block]][columns.bucket[i]] += cost;
    }
  }
}

/**
 * Fills the view's buckets from the profile's. A profile bucket that lies across several of the view's is shared between them
 * by width: exact where the edges coincide, and in the sum over the whole trace always.
 * @param duration end of the trace, where the profile's last bucket ends
 */
export function addProfile(
  values: Float64Array[],
  edges: Float64Array,
  profile: BlockProfile,
  blocks: TimelineBlocks,
  metric: Metric,
  duration: number,
): void {
  const perCategory = new Float64Array(values.length);
  let current = -1;
  const distribute = (): void => {
    if (current < 0) return;
    const start = Math.max(0, profile.edges[current]);
    const end = Math.max(start, Math.min(duration, profile.edges[current + 1]));
    share(values, edges, start, end, perCategory);
    perCategory.fill(0);
  };
  profile.forEachBucket((bucket, block, executions, time) => {
    if (bucket !== current) {
      distribute();
      current = bucket;
    }
    const spent = metric === "time" ? time : executions;
    for (let i = 0; i < block.length; i++) {
      perCategory[blocks.category[block[i]]] += spent[i] * blocks.weights[block[i]];
    }
  });
  distribute();
}

/** Shares costs of [start, end) between the buckets that it lies across. */
function share(values: Float64Array[], edges: Float64Array, start: number, end: number, costs: Float64Array): void {
  const count = edges.length - 1;
  const width = (edges[count] - edges[0]) / count;
  const bucketOf = (time: number): number => Math.max(0, Math.min(count - 1, Math.floor((time - edges[0]) / width)));
  if (end < edges[0] || start >= edges[count]) return;
  const last = bucketOf(end);
  for (let bucket = bucketOf(start); bucket <= last; bucket++) {
    const overlap = Math.min(end, edges[bucket + 1]) - Math.max(start, edges[bucket]);
    const part = end > start ? Math.max(0, overlap) / (end - start) : 1;
    for (let category = 0; category < costs.length; category++) values[category][bucket] += costs[category] * part;
    if (end <= start) break;
  }
}
