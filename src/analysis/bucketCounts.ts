import type { CountColumns } from "./countColumns";
import { ScanColumnsBuilder, type ScanColumns } from "./scanColumns";

/**
 * Counts blocks into time buckets. Time must not step back; each bucket is written out when time leaves it.
 *
 * Bucket i is [edges[i], edges[i + 1]). What begins before the first or after the last edge is dropped, so that a scan with two
 * edges is the exact answer for a range. An execution belongs to the bucket in which it begins; its time is split at the edges.
 */
export class BucketCounts {
  /** Where the current bucket ends. */
  end = Infinity;

  readonly #columns = new ScanColumnsBuilder();
  #edges: Float64Array = new Float64Array([-Infinity, Infinity]);
  /** Position of the current bucket; -1 before the first edge, `edges.length - 1` after the last. */
  #bucket = 0;

  /** @param clock "events": times only say when something began, and an execution takes one unit wherever that is */
  constructor(
    private readonly counts: CountColumns,
    private readonly clock: "host" | "events",
  ) {}

  /** Starts at a time, with at least two ascending edges. */
  begin(edges: Float64Array, time: number): void {
    this.#edges = edges;
    let low = 0; // the first edge after `time`
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle] <= time) low = middle + 1;
      else high = middle;
    }
    this.#enter(low - 1);
  }

  /** All edges are behind: nothing that follows counts. */
  get past(): boolean {
    return this.#bucket >= this.#edges.length - 1;
  }

  /** The current bucket is before the first edge or after the last: what is added there is dropped. */
  get outside(): boolean {
    return this.#bucket < 0 || this.past;
  }

  /** Until when what is added belongs to the current bucket; -Infinity where it is to be dropped. */
  get endInside(): number {
    return this.outside ? -Infinity : this.end;
  }

  /** Until when everything is to be dropped; -Infinity in a bucket. */
  get endOutside(): number {
    return this.outside ? this.end : -Infinity;
  }

  /** Adds one execution of a block, from `time` on, of `duration` nanoseconds. */
  spread(block: number, time: number, duration: number): void {
    const stop = time + duration;
    let now = time;
    while (now >= this.end) this.next();
    let begun = 1;
    while (stop > this.end) {
      this.counts.add(block, begun, this.end - now);
      begun = 0;
      now = this.end;
      this.next();
    }
    this.counts.add(block, begun, stop - now);
  }

  /**
   * Adds a sequence of blocks that is executed `times` times, from `time` on, where a unit of weight takes `rate` nanoseconds.
   * Takes steps by bucket and not by execution. Where something begins depends on `time` alone and not on where it was cut before.
   */
  spreadCycle(blocks: Uint32Array, times: number, time: number, rate: number): void {
    let work = 0;
    for (const block of blocks) work += this.counts.weight[block];
    const period = work * rate;
    let done = 0;
    while (done < times) {
      while (time + done * period >= this.end) this.next();
      // All but the last that begins in this bucket end in it too.
      const begun = this.end === Infinity ? times + 1 : Math.ceil((this.end - time) / period);
      const whole = Math.max(0, Math.min(times, begun - 1) - done);
      if (whole > 0)
        for (const block of blocks) this.counts.add(block, whole, whole * this.counts.weight[block] * rate);
      done += whole;
      if (done === times) break;
      let now = time + done * period;
      for (const block of blocks) {
        this.spread(block, now, this.counts.weight[block] * rate);
        now += this.counts.weight[block] * rate;
      }
      done++;
    }
  }

  /** Adds time that passed in a block which began before. */
  prolong(block: number, time: number, duration: number): void {
    const stop = time + duration;
    let now = time;
    while (stop > this.end) {
      if (now < this.end) this.counts.add(block, 0, this.end - now);
      now = Math.max(now, this.end);
      this.next();
    }
    this.counts.add(block, 0, stop - now);
  }

  /** Leaves the current bucket for the next one. */
  next(): void {
    this.#flush();
    this.#enter(this.#bucket + 1);
  }

  finish(): ScanColumns {
    this.#flush();
    return this.#columns.take();
  }

  #enter(bucket: number): void {
    this.#bucket = bucket;
    this.end = bucket + 1 < this.#edges.length ? this.#edges[bucket + 1] : Infinity;
  }

  #flush(): void {
    const events = this.clock === "events";
    const kept = !this.outside;
    this.counts.take((block, executions, time) => {
      const spent = events ? executions : time;
      if (kept && (executions !== 0 || spent !== 0)) this.#columns.add(block, executions, spent);
    });
    if (kept) this.#columns.endBucket(this.#bucket);
  }
}
