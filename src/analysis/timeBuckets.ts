import type { TimeRange } from "../protocol/engine";
import { nanoseconds } from "../protocol/units";

/** Edges of `count` buckets of equal width over `duration`; the outer two are infinite, so that every execution has a bucket. */
export function bucketEdges(duration: number, count: number): Float64Array {
  const width = Math.max(1, Math.ceil(duration / count));
  const edges = Float64Array.from({ length: count + 1 }, (_, index) => index * width);
  edges[0] = -Infinity;
  edges[count] = Infinity;
  return edges;
}

/** The edges with every second one left out: buckets twice as wide, the last one perhaps not. */
export function coarserEdges(edges: Float64Array): Float64Array {
  const kept = edges.filter((_, index) => index % 2 === 0 && index < edges.length - 1);
  return Float64Array.of(...kept, Infinity);
}

/**
 * At most `count` buckets that reach beyond `duration`, each of them as wide as those of `edges`, or as two, four, … of them:
 * what was counted into these can be counted into those.
 */
export function longerEdges(edges: Float64Array, duration: number, count: number): Float64Array {
  if (edges.length < 4) return edges;
  let width = edges[2] - edges[1];
  while (width * count <= duration) width *= 2;
  const longer = Float64Array.from({ length: count + 1 }, (_, index) => index * width);
  longer[0] = -Infinity;
  longer[count] = Infinity;
  return longer;
}

/** A range in terms of buckets: whole ones, and what sticks out at the ends. */
export interface RangeParts {
  /** Whole buckets [from, to). */
  readonly from: number;
  readonly to: number;
  /** Stretches that cover a part of a bucket: none, one or two. */
  readonly partial: readonly TimeRange[];
}

/** Cuts a range at the edges. Whatever reaches to the start or the end of the trace takes the outer buckets whole. */
export function rangeParts(edges: Float64Array, range: TimeRange, duration: number): RangeParts {
  const start = range.start <= 0 ? -Infinity : range.start;
  const end = range.end >= duration ? Infinity : range.end;
  if (start >= end) return { from: 0, to: 0, partial: [] };
  let from = edges.findIndex((edge) => edge >= start);
  let to = edges.findLastIndex((edge) => edge <= end);
  const partial: TimeRange[] = [];
  if (from > to) {
    partial.push({ start: nanoseconds(start), end: nanoseconds(end) });
    from = to = 0;
  } else {
    if (start < edges[from]) partial.push({ start: nanoseconds(start), end: nanoseconds(edges[from]) });
    if (edges[to] < end) partial.push({ start: nanoseconds(edges[to]), end: nanoseconds(end) });
  }
  return { from, to, partial };
}
