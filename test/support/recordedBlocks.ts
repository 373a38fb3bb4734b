/** Walks the executions of a recording one by one, in order, keeping no more of them than one batch. */
import { closeSync, openSync } from "node:fs";
import { ChunkDecoder } from "../../src/trace/decoder";
import { isIntact, readChunk } from "../../src/trace/reader";
import type { ExecutionChunk, TraceFile } from "../../src/trace/types";

export class RecordedBlocks {
  private readonly fd: number;
  private readonly chunks: readonly ExecutionChunk[];
  private readonly decoder = new ChunkDecoder();
  private nextChunk = 0;
  private inChunk = false;
  /** The batch with its cycles unfolded: entries from `at` up to `end` are still to be told. */
  private blocks = new Uint32Array(0);
  private at = 0;
  private end = 0;

  constructor(trace: TraceFile, vcpu = 0) {
    this.fd = openSync(trace.path, "r");
    this.chunks = trace.chunks.filter((chunk) => chunk.vcpu === vcpu);
    this.decoder.useBlocks(new Uint16Array(trace.blocks.count).fill(1));
  }

  /** The number of the block executed next, or -1 at the end. */
  next(): number {
    while (this.at === this.end) if (!this.refill()) return -1;
    return this.blocks[this.at++];
  }

  /** The executions that come next, as many as are at hand; none at the end. They stay next until `skip`. */
  ahead(): Uint32Array {
    while (this.at === this.end) if (!this.refill()) break;
    return this.blocks.subarray(this.at, this.end);
  }

  /** @param count at most as many as `ahead` gave */
  skip(count: number): void {
    this.at += count;
  }

  close(): void {
    closeSync(this.fd);
  }

  private refill(): boolean {
    if (this.inChunk) {
      this.inChunk = this.decoder.next();
      this.unfold();
      return true;
    }
    const chunk = this.chunks.at(this.nextChunk);
    if (chunk === undefined) return false;
    this.nextChunk++;
    const payload = readChunk(this.fd, chunk);
    if (!isIntact(payload, chunk)) throw new Error(`chunk ${this.nextChunk - 1} is damaged`);
    this.decoder.begin(payload, chunk);
    this.inChunk = true;
    return true;
  }

  /** As `ExecutionBatch.executionsOf` does for one span, for a whole batch and hundreds of millions of executions. */
  private unfold(): void {
    const { batch } = this.decoder;
    if (this.blocks.length < batch.executions) this.blocks = new Uint32Array(2 * batch.executions);
    let step = 0;
    let length = 0;
    const copyTo = (end: number): void => {
      this.blocks.set(batch.block.subarray(step, end), length);
      length += end - step;
      step = end;
    };
    for (let cycle = 0; cycle < batch.cycles; cycle++) {
      copyTo(batch.cycleEnd[cycle]);
      const cycleLength = batch.cycleLength[cycle];
      for (let time = 0; time < batch.cycleTimes[cycle]; time++) {
        this.blocks.copyWithin(length, length - cycleLength, length);
        length += cycleLength;
      }
    }
    copyTo(batch.steps);
    this.at = 0;
    this.end = length;
  }
}
