/** Decodes traces into plain lists, for comparisons in tests. */
import { closeSync, openSync } from "node:fs";
import { ChunkDecoder, type ChunkOutcome } from "../../src/trace/decoder";
import { isIntact, readChunk } from "../../src/trace/reader";
import type { ExecutionChunk, TraceFile } from "../../src/trace/types";

export interface DecodedChunk extends ChunkOutcome {
  /** Block numbers in order of execution. */
  readonly blocks: number[];
  /** Switch numbers with the executions of the chunk that came before. */
  readonly switches: { readonly number: number; readonly executionsBefore: number }[];
}

// Large, and made for many chunks one after the other.
const decoder = new ChunkDecoder();
const { batch } = decoder;

const sameWeight = (blockCount: number): Uint16Array => new Uint16Array(blockCount).fill(1);

/** Decodes one payload. */
export function decodePayload(payload: Uint8Array, chunk: ExecutionChunk, blockCount: number): DecodedChunk {
  const blocks: number[] = [];
  const switches: { number: number; executionsBefore: number }[] = [];
  decoder.useBlocks(sameWeight(blockCount));
  decoder.begin(payload, chunk);
  while (decoder.next()) {
    for (let span = 0; span < batch.spans; span++) {
      for (const block of batch.executionsOf(span)) blocks.push(block);
      if (batch.spanSwitch[span] >= 0)
        switches.push({ number: batch.spanSwitch[span], executionsBefore: blocks.length });
    }
  }
  return { ...decoder.outcome(), blocks, switches };
}

/** Decodes all chunks; those with a wrong checksum come out empty and not intact. */
export function decodeTrace(trace: TraceFile): DecodedChunk[] {
  const fd = openSync(trace.path, "r");
  try {
    return trace.chunks.map((chunk) => {
      const payload = readChunk(fd, chunk);
      if (isIntact(payload, chunk)) return decodePayload(payload, chunk, trace.blocks.count);
      const { executions: lostExecutions, endTime } = chunk;
      return { executions: 0, endTime, intact: false, lostExecutions, blocks: [], switches: [] };
    });
  } finally {
    closeSync(fd);
  }
}

/** What each vCPU executed: block numbers in order. */
export function executedBlocks(trace: TraceFile): number[][] {
  const perVcpu: number[][] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    const executed = (perVcpu[trace.chunks[index].vcpu] ??= []);
    for (const block of blocks) executed.push(block);
  });
  return perVcpu;
}

/** How often each block was executed, chunk by chunk. */
export function chunkCounts(trace: TraceFile): { counts: Float64Array; outcome: ChunkOutcome }[] {
  const fd = openSync(trace.path, "r");
  decoder.useBlocks(sameWeight(trace.blocks.count));
  try {
    return trace.chunks.map((chunk) => {
      const counts = new Float64Array(trace.blocks.count);
      decoder.begin(readChunk(fd, chunk), chunk);
      while (decoder.next()) {
        for (let step = 0; step < batch.steps; step++) counts[batch.block[step]]++;
        for (let cycle = 0; cycle < batch.cycles; cycle++) {
          const end = batch.cycleEnd[cycle];
          for (let step = end - batch.cycleLength[cycle]; step < end; step++) {
            counts[batch.block[step]] += batch.cycleTimes[cycle];
          }
        }
      }
      return { counts, outcome: decoder.outcome() };
    });
  } finally {
    closeSync(fd);
  }
}

/** How often each block was executed, over all vCPUs. */
export function blockCounts(trace: TraceFile): Float64Array {
  const sum = new Float64Array(trace.blocks.count);
  for (const { counts } of chunkCounts(trace)) counts.forEach((count, block) => (sum[block] += count));
  return sum;
}
