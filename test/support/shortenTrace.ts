/** Cuts the beginning out of a long recording, as a trace of its own: how test/fixtures/early-boot.bst was made. */
import { closeSync, openSync } from "node:fs";
import { BlockFlag, type BlockRecord } from "../../src/trace/blocks";
import { ChunkDecoder } from "../../src/trace/decoder";
import type { ExecutionEncoder } from "../../src/trace/encoder";
import type { ExecutionBatch } from "../../src/trace/executionBatch";
import { openTraceFile, readChunk } from "../../src/trace/reader";
import { blockNumber } from "../../src/protocol/units";
import type { BlockTable } from "../../src/trace/types";
import { TraceWriter } from "../../src/trace/writer";

/** Writes the first `executions` executions of vCPU 0 of `source`, with the blocks and times they had, to `target`. */
export async function shortenTrace(source: string, target: string, executions: number): Promise<void> {
  const trace = await openTraceFile(source);
  const writer = await TraceWriter.create(target);
  // Without paths of the machine that it was recorded on.
  const { qemu, kernel, ...metadata } = trace.metadata;
  const version = qemu?.version === undefined ? {} : { qemu: { version: qemu.version } };
  const release =
    kernel?.release === undefined ? {} : { kernel: { release: kernel.release, buildIds: kernel.buildIds ?? [] } };
  writer.addMetadata({ ...metadata, ...version, ...release, vcpus: 1, clock: { kind: "host", tickShift: 0 } });
  const fd = openSync(source, "r");
  const decoder = new ChunkDecoder();
  decoder.useBlocks(new Uint16Array(trace.blocks.count).fill(1));
  const shortener = new Shortener(trace.blocks, writer, executions);
  try {
    for (const chunk of trace.chunks.filter(({ vcpu }) => vcpu === 0)) {
      decoder.begin(readChunk(fd, chunk), chunk);
      let wanted = true;
      while (wanted && decoder.next()) wanted = shortener.take(decoder.batch);
      if (!wanted) break;
    }
    await writer.finish(shortener.time, "shortened");
  } finally {
    closeSync(fd);
    await writer.discard();
  }
}

class Shortener {
  time = 0;
  private left: number;
  private readonly stream: ExecutionEncoder;
  /** New number of each block that is used, in the order of first use. */
  private readonly numbers = new Map<number, number>();

  constructor(
    private readonly blocks: BlockTable,
    private readonly writer: TraceWriter,
    executions: number,
  ) {
    this.left = executions;
    this.stream = writer.stream(0);
  }

  /** Answers whether more is wanted. */
  take(batch: ExecutionBatch): boolean {
    for (let span = 0; span < batch.spans && this.left > 0; span++) {
      for (const block of batch.executionsOf(span)) {
        if (this.left-- === 0) break;
        this.execute(block);
      }
      this.time = Math.round(batch.spanTime[span]);
      this.stream.mark(this.time);
    }
    return this.left > 0;
  }

  private execute(block: number): void {
    let number = this.numbers.get(block);
    if (number === undefined) {
      number = this.writer.addBlock(blockRecord(this.blocks, block));
      this.numbers.set(block, number);
    }
    this.stream.execute(number, this.blocks.instructions[block], this.time);
  }
}

function blockRecord(blocks: BlockTable, block: number): BlockRecord {
  const flags = blocks.flags[block];
  const lengths = blocks.instructionLengths(blockNumber(block));
  return {
    address: blocks.address[block],
    target: blocks.target[block],
    size: blocks.size[block],
    instructions: blocks.instructions[block],
    terminator: blocks.terminator[block],
    terminatorLength: blocks.terminatorLength[block],
    slow: (flags & BlockFlag.Slow) !== 0,
    ...(lengths === null ? {} : { instructionLengths: [...lengths] }),
    ...((flags & BlockFlag.HasCrc) === 0 ? {} : { crc: blocks.crc[block] }),
    ...((flags & BlockFlag.HasPhysicalAddress) === 0 ? {} : { physicalAddress: blocks.physicalAddress[block] }),
  };
}
