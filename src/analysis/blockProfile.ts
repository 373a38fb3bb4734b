import type { ScanColumns } from "./scanColumns";
import { ScanColumnsBuilder } from "./scanColumns";
import { bucketEdges, coarserEdges, longerEdges } from "./timeBuckets";

/** Cost per block number. */
export interface BlockCosts {
  readonly executions: Float64Array;
  /** Nanoseconds. */
  readonly time: Float64Array;
}

export const noCosts = (blockCount: number): BlockCosts => ({
  executions: new Float64Array(blockCount),
  time: new Float64Array(blockCount),
});

/** A profile as it is kept on disk. */
export interface ProfileSnapshot {
  readonly edges: Float64Array;
  readonly columns: ScanColumns;
  readonly first: Float64Array;
}

const bucketCount = 1024;
/** Twenty bytes each: 120 MB. */
const maximumEntries = 6_000_000;

/** The entries of one bucket that one chunk brought. */
type Piece = Pick<ScanColumns, "block" | "executions" | "time">;

/**
 * Which blocks ran when: sparse costs per time bucket, the sum over all of them, and each block's first execution.
 *
 * Chunks may be added in any order. When there are too many entries, pairs of buckets are merged: `level` counts how often.
 * Knows nothing of symbols, so that it can be computed once per trace and kept.
 */
export class BlockProfile {
  readonly totals: BlockCosts;
  /** When each block began for the first time; Infinity: not seen yet. */
  readonly first: Float64Array;
  #edges: Float64Array;
  #level = 0;
  #entries = 0;
  #buckets: Piece[][];
  readonly #maximumEntries: number;

  constructor(
    readonly blockCount: number,
    edges: Float64Array,
    limit = maximumEntries,
  ) {
    this.totals = noCosts(blockCount);
    this.first = new Float64Array(blockCount).fill(Infinity);
    this.#edges = edges;
    this.#buckets = Array.from({ length: edges.length - 1 }, () => []);
    this.#maximumEntries = limit;
  }

  /** An empty profile for a trace that lasts `duration` nanoseconds (or executions). */
  static forDuration(blockCount: number, duration: number): BlockProfile {
    return new BlockProfile(blockCount, bucketEdges(duration, bucketCount));
  }

  static restore(blockCount: number, snapshot: ProfileSnapshot): BlockProfile {
    const profile = new BlockProfile(blockCount, snapshot.edges);
    profile.first.set(snapshot.first);
    profile.add(snapshot.columns, 0);
    return profile;
  }

  /** The same costs as part of those of a trace that has more blocks and lasts longer. */
  grown(blockCount: number, duration: number): BlockProfile {
    const edges = longerEdges(this.#edges, duration, bucketCount);
    const profile = new BlockProfile(blockCount, edges, this.#maximumEntries);
    profile.totals.executions.set(this.totals.executions);
    profile.totals.time.set(this.totals.time);
    profile.first.set(this.first);
    let into = 0;
    for (const [bucket, pieces] of this.#buckets.entries()) {
      while (edges[into + 1] <= this.#edges[bucket]) into++;
      profile.#buckets[into].push(...pieces);
    }
    profile.#entries = this.#entries;
    return profile;
  }

  /** Where buckets begin and end, for the next scan. */
  get edges(): Float64Array {
    return this.#edges;
  }

  /** To be given back to `add` with what a scan by these edges brought. */
  get level(): number {
    return this.#level;
  }

  /** Adds a chunk's columns that were scanned by the edges of `level`. */
  add(columns: ScanColumns, level: number): void {
    const { bucket, start, block, executions, time } = columns;
    const { totals } = this;
    for (let entry = 0; entry < block.length; entry++) {
      totals.executions[block[entry]] += executions[entry];
      totals.time[block[entry]] += time[entry];
    }
    for (let i = 0; i < bucket.length; i++) {
      const [from, to] = [start[i], start[i + 1]];
      this.#buckets[bucket[i] >>> (this.#level - level)].push({
        block: block.subarray(from, to),
        executions: executions.subarray(from, to),
        time: time.subarray(from, to),
      });
    }
    this.#entries += block.length;
    while (this.#entries > this.#maximumEntries && this.#buckets.length > 1) this.#coarsen();
  }

  /** Notes when blocks began, if they began earlier than known. */
  addFirst(block: Uint32Array, time: Float64Array): void {
    for (let i = 0; i < block.length; i++) if (time[i] < this.first[block[i]]) this.first[block[i]] = time[i];
  }

  /** Adds the costs of the buckets [from, to) to `into`. */
  sum(from: number, to: number, into: BlockCosts): void {
    for (let bucket = from; bucket < to; bucket++) {
      for (const { block, executions, time } of this.#buckets[bucket]) {
        for (let i = 0; i < block.length; i++) {
          into.executions[block[i]] += executions[i];
          into.time[block[i]] += time[i];
        }
      }
    }
  }

  /** Calls back with every bucket's pieces, in order. */
  forEachBucket(
    visit: (bucket: number, block: Uint32Array, executions: Float64Array, time: Float64Array) => void,
  ): void {
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      for (const { block, executions, time } of this.#buckets[bucket]) visit(bucket, block, executions, time);
    }
  }

  snapshot(): ProfileSnapshot {
    return { edges: this.#edges, columns: this.#compact(1), first: this.first };
  }

  /** Merges pairs of buckets. Fewer entries remain, as most blocks run in both. */
  #coarsen(): void {
    const columns = this.#compact(2);
    this.#edges = coarserEdges(this.#edges);
    this.#level++;
    this.#buckets = Array.from({ length: this.#edges.length - 1 }, () => []);
    this.#entries = 0;
    for (let i = 0; i < columns.bucket.length; i++) {
      const [from, to] = [columns.start[i], columns.start[i + 1]];
      this.#buckets[columns.bucket[i]].push({
        block: columns.block.slice(from, to),
        executions: columns.executions.slice(from, to),
        time: columns.time.slice(from, to),
      });
    }
    this.#entries = columns.block.length;
  }

  /** All entries with `group` buckets made one, each block once per bucket. */
  #compact(group: number): ScanColumns {
    const builder = new ScanColumnsBuilder();
    const costs = noCosts(this.blockCount);
    for (let first = 0; first < this.#buckets.length; first += group) {
      const pieces = this.#buckets.slice(first, first + group).flat();
      if (pieces.length === 1) {
        builder.addAll(pieces[0]);
        builder.endBucket(first / group);
        continue;
      }
      this.sum(first, Math.min(first + group, this.#buckets.length), costs);
      for (const { block } of pieces) {
        for (const b of block) {
          if (costs.executions[b] === 0 && costs.time[b] === 0) continue;
          builder.add(b, costs.executions[b], costs.time[b]);
          costs.executions[b] = 0;
          costs.time[b] = 0;
        }
      }
      builder.endBucket(first / group);
    }
    return builder.take();
  }
}
