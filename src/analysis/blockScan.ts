import { ChunkDecoder, type ChunkOutcome } from "../trace/decoder";
import { ExecutionBatch } from "../trace/executionBatch";
import type { ExecutionChunk } from "../trace/types";
import { BucketCounts } from "./bucketCounts";
import type { ScanColumns } from "./scanColumns";

/** What the blocks of a trace are to a scan. */
export interface ScanBlocks {
  /** Guest instructions per block; 0 where unknown. */
  readonly instructions: Uint16Array;
  /** "host": time is nanoseconds. "events": it is the order of the source, and every execution takes one unit of it. */
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
  readonly #batch = new ExecutionBatch();
  readonly #counts: BucketCounts;
  readonly #weight: Uint16Array;
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
    this.#counts = new BucketCounts(this.#weight, blocks.clock);
    this.#seenIn = new Uint32Array(count);
    this.#firstBlock = new Uint32Array(count);
    this.#firstTime = new Float64Array(count);
  }

  /**
   * @param payload the chunk's bytes, its 80-byte head included
   * @param edges ascending times; bucket i is [edges[i], edges[i + 1])
   */
  scan(payload: Uint8Array, chunk: ExecutionChunk, edges: Float64Array): ScanResult {
    const batch = this.#batch;
    this.#scan++;
    this.#firstCount = 0;
    this.#running = chunk.lastBlock < this.#weight.length ? chunk.lastBlock : -1;
    this.#counts.begin(edges, chunk.startTime);
    this.#decoder.begin(payload, chunk, this.#weight.length, this.#weight);
    while (!this.#counts.past && this.#decoder.next(batch)) this.#countSpans(batch);
    return {
      columns: this.#counts.finish(),
      firstBlock: this.#firstBlock.slice(0, this.#firstCount),
      firstTime: this.#firstTime.slice(0, this.#firstCount),
      outcome: this.#decoder.outcome(),
    };
  }

  /** The hot loop: counts a batch, span by span. */
  #countSpans(batch: ExecutionBatch): void {
    const { block, spanEnd, spanTime, spanWork, spans } = batch;
    const { counts } = this.#counts;
    let step = 0;
    let cycle = 0;
    let cycleSpan = batch.cycles > 0 ? batch.cycleSpan[0] : -1;
    let time = batch.startTime;
    let simpleUntil = this.#counts.endInside;
    for (let span = 0; span < spans; span++) {
      const from = step;
      const to = spanEnd[span];
      const stop = spanTime[span];
      const rate = (stop - time) / spanWork[span];
      if (stop > simpleUntil || from === to) {
        if (from > 0) this.#running = block[from - 1];
        if (from === to) this.#prolong(time, stop);
        else this.#countSlowly(batch, from, to, span === cycleSpan ? cycle : -1, time, stop, rate);
        simpleUntil = this.#counts.endInside;
        step = to;
      } else {
        for (; step < to; step++) {
          const at = 2 * block[step];
          const before = counts[at];
          if (before === 0) this.#touch(batch, from, step, time, rate);
          counts[at] = before + 1;
          counts[at + 1] += rate;
        }
        if (span === cycleSpan) this.#repeat(batch, cycle, rate);
      }
      if (span === cycleSpan) cycleSpan = ++cycle < batch.cycles ? batch.cycleSpan[cycle] : -1;
      time = stop;
    }
    if (step > 0) this.#running = block[step - 1];
  }

  /** Time passed with nothing begun: it belongs to the block that was running. */
  #prolong(start: number, stop: number): void {
    if (this.#running >= 0) this.#counts.prolong(this.#running, start, stop - start);
  }

  /** Counts the repetitions of a cycle whose steps are counted already. */
  #repeat(batch: ExecutionBatch, cycle: number, rate: number): void {
    const { counts } = this.#counts;
    const times = batch.cycleTimes[cycle];
    const end = batch.cycleEnd[cycle];
    for (let step = end - batch.cycleLength[cycle]; step < end; step++) {
      const at = 2 * batch.block[step];
      counts[at] += times;
      counts[at + 1] += times * rate;
    }
  }

  /**
   * Counts a span that reaches into the next bucket, or lies outside all of them.
   * @param cycle the span's cycle, or -1
   */
  #countSlowly(
    batch: ExecutionBatch,
    from: number,
    to: number,
    cycle: number,
    start: number,
    stop: number,
    rate: number,
  ): void {
    // Lies outside as a whole: the usual case when a small range is scanned.
    if (this.#counts.outside && stop <= this.#counts.end) return;
    const { block } = batch;
    const cycleEnd = cycle < 0 ? -1 : batch.cycleEnd[cycle];
    let done = 0;
    for (let step = from; step < to; step++) {
      const b = block[step];
      const time = start + done * rate;
      if (this.#seenIn[b] !== this.#scan) this.#see(b, time);
      this.#counts.spread(b, time, this.#weight[b] * rate);
      done += this.#weight[b];
      if (step + 1 !== cycleEnd) continue;
      const cycleBlocks = block.subarray(cycleEnd - batch.cycleLength[cycle], cycleEnd);
      const times = batch.cycleTimes[cycle];
      this.#counts.spreadCycle(cycleBlocks, times, start + done * rate, rate);
      for (const repeated of cycleBlocks) done += times * this.#weight[repeated];
    }
  }

  /**
   * A block's first execution in the current bucket, perhaps in the chunk. What follows a cycle was executed in it, so that only
   * single steps come before a first execution.
   */
  #touch(batch: ExecutionBatch, from: number, step: number, start: number, rate: number): void {
    const block = batch.block[step];
    this.#counts.touched[this.#counts.touchedCount++] = block;
    if (this.#seenIn[block] === this.#scan) return;
    let done = 0;
    for (let i = from; i < step; i++) done += this.#weight[batch.block[i]];
    this.#see(block, start + done * rate);
  }

  #see(block: number, time: number): void {
    this.#seenIn[block] = this.#scan;
    this.#firstBlock[this.#firstCount] = block;
    this.#firstTime[this.#firstCount++] = time;
  }
}
