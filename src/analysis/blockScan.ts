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
    this.#counts = new BucketCounts(count);
    this.#weight = blocks.instructions.map((instructions) => Math.max(1, instructions));
    if (blocks.clock === "events") this.#weight.fill(1);
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
    this.#decoder.begin(payload, chunk, this.#weight.length);
    while (!this.#counts.past && this.#decoder.next(batch)) {
      if (host) this.#countSpans(batch);
      else this.#countRuns(batch, 0, batch.runs, chunk.firstExecution + batch.executionsBefore, batch.executions);
    }
    return {
      columns: this.#counts.finish(),
      firstBlock: this.#firstBlock.slice(0, this.#firstCount),
      firstTime: this.#firstTime.slice(0, this.#firstCount),
      outcome: this.#decoder.outcome(),
    };
  }

  #countSpans(batch: RunBatch): void {
    const { spanEnd, spanTime } = batch;
    let run = 0;
    let time = batch.startTime;
    for (let span = 0; span < batch.spans; span++) {
      this.#countRuns(batch, run, spanEnd[span], time, spanTime[span] - time);
      run = spanEnd[span];
      time = spanTime[span];
    }
  }

  /** Counts the runs [from, to), which took `duration` from `start` on. */
  #countRuns(batch: RunBatch, from: number, to: number, start: number, duration: number): void {
    if (from === to) {
      if (this.#running >= 0) this.#counts.prolong(this.#running, start, duration);
      return;
    }
    const { block, repeat } = batch;
    const weight = this.#weight;
    const rate = duration / this.#work(batch, from, to);
    this.#running = block[to - 1];
    let done = 0;
    let run = from;
    while (start + duration > this.#counts.end && run < to) {
      const b = block[run];
      const time = start + done * rate;
      if (this.#seenIn[b] !== this.#scan) this.#see(b, time);
      this.#counts.spread(b, repeat[run], time, weight[b] * rate);
      done += weight[b] * repeat[run++];
    }
    this.#countInside(batch, run, to, start + done * rate, rate);
  }

  /** Counts runs of which all belongs to the current bucket: the usual case, and the hot loop. */
  #countInside(batch: RunBatch, from: number, to: number, start: number, rate: number): void {
    const { block, repeat } = batch;
    const { counts, touched } = this.#counts;
    const weight = this.#weight;
    for (let run = from; run < to; run++) {
      const b = block[run];
      const times = repeat[run];
      const before = counts[2 * b];
      if (before === 0) {
        touched[this.#counts.touchedCount++] = b;
        if (this.#seenIn[b] !== this.#scan) this.#see(b, start + this.#work(batch, from, run) * rate);
      }
      counts[2 * b] = before + times;
      counts[2 * b + 1] += weight[b] * times * rate;
    }
  }

  /** Weight of the runs [from, to): what a span's time is shared by. */
  #work(batch: RunBatch, from: number, to: number): number {
    const { block, repeat } = batch;
    let work = 0;
    for (let run = from; run < to; run++) work += this.#weight[block[run]] * repeat[run];
    return work;
  }

  #see(block: number, time: number): void {
    this.#seenIn[block] = this.#scan;
    this.#firstBlock[this.#firstCount] = block;
    this.#firstTime[this.#firstCount++] = time;
  }
}
