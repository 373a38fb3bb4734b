import { ChunkDecoder, RunBatch, type ChunkOutcome } from "../trace/decoder";
import type { ExecutionChunk } from "../trace/types";
import { BucketCounts } from "./bucketCounts";
import type { ScanColumns } from "./scanColumns";

/** What the blocks of a trace are to a scan. */
export interface ScanBlocks {
  /** Guest instructions per block; 0 where unknown. */
  readonly instructions: Uint16Array;
  /** "host": time is nanoseconds. "events": there is no clock, and every execution takes one unit. */
  readonly clock: "host" | "events";
}

export interface ScanResult {
  readonly columns: ScanColumns;
  /** Blocks that ran in the chunk in the order of their first execution, and when that began. */
  readonly firstBlock: Uint32Array;
  readonly firstTime: Float64Array;
  readonly outcome: ChunkOutcome;
}

/**
 * Counts which blocks a chunk executed when: the one pass over the execution stream that all totals come from.
 *
 * Times are exact at a chunk's spans; inside one they are spread by instruction count (docs/trace-format.md, "Time").
 * One scanner serves many chunks, one after the other.
 */
export class BlockScanner {
  readonly #decoder = new ChunkDecoder();
  readonly #batch = new RunBatch();
  readonly #counts: BucketCounts;
  readonly #weight: Uint16Array;
  readonly #clock: "host" | "events";
  /** Per block, the scan (numbered from 1) that saw it last. */
  readonly #seenIn: Uint32Array;
  readonly #firstBlock: Uint32Array;
  readonly #firstTime: Float64Array;
  #firstCount = 0;
  #scan = 0;
  /** The block that ran last: it owns time that passes before another one begins. -1: none. */
  #running = -1;

  constructor(blocks: ScanBlocks) {
    const count = blocks.instructions.length;
    this.#weight = blocks.instructions.map((instructions) => Math.max(1, instructions));
    if (blocks.clock === "events") this.#weight.fill(1);
    this.#counts = new BucketCounts(this.#weight);
    this.#clock = blocks.clock;
    this.#seenIn = new Uint32Array(count);
    this.#firstBlock = new Uint32Array(count);
    this.#firstTime = new Float64Array(count);
  }

  /**
   * @param payload the chunk's bytes, its 80-byte head included
   * @param edges ascending times; bucket i is [edges[i], edges[i + 1])
   */
  scan(payload: Uint8Array, chunk: ExecutionChunk, edges: Float64Array): ScanResult {
    const host = this.#clock === "host";
    const batch = this.#batch;
    this.#scan++;
    this.#firstCount = 0;
    this.#running = chunk.lastBlock < this.#weight.length ? chunk.lastBlock : -1;
    this.#counts.begin(edges, host ? chunk.startTime : chunk.firstExecution);
    this.#decoder.begin(payload, chunk, this.#weight.length, this.#weight);
    while (!this.#counts.past && this.#decoder.next(batch)) {
      if (!host) countExecutionsAsTime(batch, chunk.firstExecution);
      this.#countSpans(batch);
    }
    return {
      columns: this.#counts.finish(),
      firstBlock: this.#firstBlock.slice(0, this.#firstCount),
      firstTime: this.#firstTime.slice(0, this.#firstCount),
      outcome: this.#decoder.outcome(),
    };
  }

  /** The hot loop: counts a batch, span by span. */
  #countSpans(batch: RunBatch): void {
    const { block, repeat, spanEnd, spanTime, spanWork } = batch;
    const { counts } = this.#counts;
    let run = 0;
    let time = batch.startTime;
    for (let span = 0; span < batch.spans; span++) {
      const from = run;
      const to = spanEnd[span];
      const stop = spanTime[span];
      const rate = (stop - time) / spanWork[span];
      if (from === to || stop > this.#counts.end || this.#counts.outside)
        this.#countSlowly(batch, from, to, time, stop, rate);
      else {
        for (; run < to; run++) {
          const at = 2 * block[run];
          const times = repeat[run];
          const before = counts[at];
          if (before === 0) this.#touch(batch, from, run, time, rate);
          counts[at] = before + times;
          counts[at + 1] += times * rate;
        }
        this.#running = block[to - 1];
      }
      run = to;
      time = stop;
    }
  }

  /** Counts a span that reaches into the next bucket, lies outside all of them, or holds nothing but time. */
  #countSlowly(batch: RunBatch, from: number, to: number, start: number, stop: number, rate: number): void {
    const { block, repeat } = batch;
    if (from === to) {
      if (this.#running >= 0) this.#counts.prolong(this.#running, start, stop - start);
      return;
    }
    this.#running = block[to - 1];
    let done = 0;
    for (let run = from; run < to; run++) {
      // What is left lies outside as a whole: the usual case when a small range is scanned.
      if (this.#counts.outside && stop <= this.#counts.end) return;
      const b = block[run];
      const time = start + done * rate;
      if (this.#seenIn[b] !== this.#scan) this.#see(b, time);
      const work = this.#weight[b] * repeat[run];
      if (stop <= this.#counts.end) this.#counts.add(b, repeat[run], work * rate);
      else this.#counts.spread(b, repeat[run], time, this.#weight[b] * rate);
      done += work;
    }
  }

  /** A block's first execution in the current bucket, perhaps in the chunk. */
  #touch(batch: RunBatch, from: number, run: number, start: number, rate: number): void {
    const block = batch.block[run];
    this.#counts.touched[this.#counts.touchedCount++] = block;
    if (this.#seenIn[block] === this.#scan) return;
    let done = 0;
    for (let i = from; i < run; i++) done += this.#weight[batch.block[i]] * batch.repeat[i];
    this.#see(block, start + done * rate);
  }

  #see(block: number, time: number): void {
    this.#seenIn[block] = this.#scan;
    this.#firstBlock[this.#firstCount] = block;
    this.#firstTime[this.#firstCount++] = time;
  }
}

/** Gives a batch the time of a trace without a clock: the number of the execution. Needs weights of 1. */
function countExecutionsAsTime(batch: RunBatch, firstExecution: number): void {
  let time = firstExecution + batch.executionsBefore;
  batch.startTime = time;
  for (let span = 0; span < batch.spans; span++) {
    time += batch.spanWork[span];
    batch.spanTime[span] = time;
  }
}
