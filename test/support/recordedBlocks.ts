/** Walks the executions of a recording one by one, in order, without keeping them. */
import { closeSync, openSync } from "node:fs";
import { ChunkDecoder, RunBatch } from "../../src/trace/decoder";
import { isIntact, readChunk } from "../../src/trace/reader";
import type { ExecutionChunk, TraceFile } from "../../src/trace/types";

export class RecordedBlocks {
  private readonly fd: number;
  private readonly chunks: readonly ExecutionChunk[];
  private readonly decoder = new ChunkDecoder();
  private readonly batch = new RunBatch();
  private nextChunk = 0;
  private inChunk = false;
  private run = 0;
  private repeated = 0;

  constructor(
    private readonly trace: TraceFile,
    vcpu = 0,
  ) {
    this.fd = openSync(trace.path, "r");
    this.chunks = trace.chunks.filter((chunk) => chunk.vcpu === vcpu);
  }

  /** The number of the block executed next, or -1 at the end. */
  next(): number {
    while (this.run >= this.batch.runs) {
      if (!this.refill()) return -1;
    }
    const block = this.batch.block[this.run];
    if (++this.repeated >= this.batch.repeat[this.run]) {
      this.run++;
      this.repeated = 0;
    }
    return block;
  }

  close(): void {
    closeSync(this.fd);
  }

  private refill(): boolean {
    this.run = 0;
    this.repeated = 0;
    this.batch.runs = 0;
    if (this.inChunk) {
      this.inChunk = this.decoder.next(this.batch);
      return true;
    }
    const chunk = this.chunks.at(this.nextChunk);
    if (chunk === undefined) return false;
    this.nextChunk++;
    const payload = readChunk(this.fd, chunk);
    if (!isIntact(payload, chunk)) throw new Error(`chunk ${this.nextChunk - 1} is damaged`);
    this.decoder.begin(payload, chunk, this.trace.blocks.count);
    this.inChunk = true;
    return true;
  }
}
