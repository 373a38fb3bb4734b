/** Walks the executions of a recording one by one, in order, without keeping them. */
import { closeSync, openSync } from "node:fs";
import { ChunkDecoder } from "../../src/trace/decoder";
import { ExecutionBatch } from "../../src/trace/executionBatch";
import { isIntact, readChunk } from "../../src/trace/reader";
import type { ExecutionChunk, TraceFile } from "../../src/trace/types";

export class RecordedBlocks {
  private readonly fd: number;
  private readonly chunks: readonly ExecutionChunk[];
  private readonly decoder = new ChunkDecoder();
  private readonly batch = new ExecutionBatch();
  private nextChunk = 0;
  private inChunk = false;
  private blocks: Generator<number, void>;

  constructor(
    private readonly trace: TraceFile,
    vcpu = 0,
  ) {
    this.fd = openSync(trace.path, "r");
    this.chunks = trace.chunks.filter((chunk) => chunk.vcpu === vcpu);
    this.blocks = this.blocksOfBatch();
  }

  /** The number of the block executed next, or -1 at the end. */
  next(): number {
    for (;;) {
      const next = this.blocks.next();
      if (next.done !== true) return next.value;
      if (!this.refill()) return -1;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private refill(): boolean {
    if (this.inChunk) {
      this.inChunk = this.decoder.next(this.batch);
      this.blocks = this.blocksOfBatch();
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

  private *blocksOfBatch(): Generator<number, void> {
    for (let span = 0; span < this.batch.spans; span++) yield* this.batch.executionsOf(span);
  }
}
