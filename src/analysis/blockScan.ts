import { ChunkDecoder, type ChunkOutcome } from "../trace/decoder";
import type { ExecutionBatch } from "../trace/executionBatch";
import type { ExecutionChunk } from "../trace/types";
import { BucketCounts } from "./bucketCounts";
import { CountColumns, countsCode } from "./countColumns";
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
 * One scanner serves many chunks, one after the other: `useBlocks`, then `scan` for chunks of that trace.
 */
export class BlockScanner {
  readonly #decoder = new ChunkDecoder();
  readonly #code = countsCode(this.#decoder);
  #columns = new CountColumns(this.#decoder, this.#code, new Uint16Array(0));
  #buckets = new BucketCounts(this.#columns, "host");

  /** Scans chunks of another trace from now on. */
  useBlocks({ instructions, clock }: ScanBlocks): void {
    const weight = instructions.map((count) => (clock === "events" ? 1 : Math.max(1, count)));
    this.#columns = new CountColumns(this.#decoder, this.#code, weight);
    this.#buckets = new BucketCounts(this.#columns, clock);
  }

  /**
   * @param payload the chunk's bytes, its 80-byte head included
   * @param edges ascending times; bucket i is [edges[i], edges[i + 1])
   */
  scan(payload: Uint8Array, chunk: ExecutionChunk, edges: Float64Array): ScanResult {
    this.#columns.beginScan();
    this.#code.running.value = chunk.lastBlock < this.#columns.weight.length ? chunk.lastBlock : -1;
    this.#buckets.begin(edges, chunk.startTime);
    this.#decoder.begin(payload, chunk);
    while (!this.#buckets.past && this.#decoder.next()) this.#countBatch(this.#decoder.batch);
    return { columns: this.#buckets.finish(), ...this.#columns.seen(), outcome: this.#decoder.outcome() };
  }

  /** Counts a batch: nearly all of its spans lie in one bucket each, and are counted by the code in the batch's memory. */
  #countBatch(batch: ExecutionBatch): void {
    const code = this.#code;
    const { spans, cycles, startTime } = batch;
    code.span.value = 0;
    code.step.value = 0;
    code.cycle.value = 0;
    code.time.value = startTime;
    for (;;) {
      code.countSpans(spans, cycles, this.#buckets.endInside, this.#buckets.endOutside);
      if (code.span.value === spans) return;
      this.#countSpan(batch);
    }
  }

  /** Counts the span that the code has come to, which reaches into the next bucket. */
  #countSpan(batch: ExecutionBatch): void {
    const { span, step, time, cycle, running } = this.#code;
    const from = step.value;
    const to = batch.spanEnd[span.value];
    const stop = batch.spanTime[span.value];
    if (from === to) {
      this.#buckets.prolong(running.value, time.value, stop - time.value);
    } else {
      const ownCycle = cycle.value < batch.cycles && batch.cycleSpan[cycle.value] === span.value ? cycle.value : -1;
      this.#countSteps(batch, from, to, ownCycle, time.value, (stop - time.value) / batch.spanWork[span.value]);
      if (ownCycle >= 0) cycle.value++;
      running.value = batch.block[to - 1];
    }
    span.value++;
    step.value = to;
    time.value = stop;
  }

  /**
   * @param cycle the span's cycle, or -1
   * @param rate nanoseconds per unit of weight
   */
  #countSteps(batch: ExecutionBatch, from: number, to: number, cycle: number, start: number, rate: number): void {
    const { block } = batch;
    const { weight } = this.#columns;
    const cycleEnd = cycle < 0 ? -1 : batch.cycleEnd[cycle];
    let done = 0;
    for (let step = from; step < to; step++) {
      const b = block[step];
      const time = start + done * rate;
      this.#columns.see(b, time);
      this.#buckets.spread(b, time, weight[b] * rate);
      done += weight[b];
      if (step + 1 !== cycleEnd) continue;
      const cycleBlocks = block.subarray(cycleEnd - batch.cycleLength[cycle], cycleEnd);
      const times = batch.cycleTimes[cycle];
      this.#buckets.spreadCycle(cycleBlocks, times, start + done * rate, rate);
      for (const repeated of cycleBlocks) done += times * weight[repeated];
    }
  }
}
