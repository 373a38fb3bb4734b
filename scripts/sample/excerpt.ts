/** Copies a stretch of a one-vCPU trace into a trace of its own, with only the blocks and switches that occur in it. */
import { openSync } from "node:fs";
import { blockNumber } from "../../src/protocol/units";
import { BlockFlag } from "../../src/trace/blocks";
import { ChunkDecoder } from "../../src/trace/decoder";
import { readChunk } from "../../src/trace/reader";
import type { TraceFile, TraceMetadata } from "../../src/trace/types";
import { TraceWriter } from "../../src/trace/writer";

/** Half-open, in executions of the whole trace. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** One execution: of which block, where in the trace, and when it began. */
interface Execution {
  readonly block: number;
  readonly number: number;
  /** Nanoseconds. */
  readonly time: number;
  /** The task switch that took place right before it, or -1. */
  readonly taskSwitch: number;
}

/** All executions of the trace in order; time inside a span is spread by instructions. */
export function* executionsOf(trace: TraceFile): Generator<Execution> {
  const file = openSync(trace.path, "r");
  const decoder = new ChunkDecoder();
  const { batch } = decoder;
  const { count, instructions } = trace.blocks;
  decoder.useBlocks(instructions.subarray(0, count));
  let taskSwitch = -1;
  for (const chunk of trace.chunks) {
    decoder.begin(readChunk(file, chunk), chunk);
    let number = chunk.firstExecution;
    while (decoder.next()) {
      let spanStart = batch.startTime;
      for (let span = 0; span < batch.spans; span++) {
        const work = batch.spanWork[span];
        const perInstruction = work === 0 ? 0 : (batch.spanTime[span] - spanStart) / work;
        let time = spanStart;
        for (const block of batch.executionsOf(span)) {
          yield { block, number, time, taskSwitch };
          taskSwitch = -1;
          number++;
          time += instructions[block] * perInstruction;
        }
        spanStart = batch.spanTime[span];
        if (batch.spanSwitch[span] >= 0) taskSwitch = batch.spanSwitch[span];
      }
    }
  }
}

/** The first execution of an address in this range, or null. */
export function firstExecution(trace: TraceFile, from: bigint): number | null {
  for (const { block, number } of executionsOf(trace)) {
    if (trace.blocks.address[block] >= from) return number;
  }
  return null;
}

/** Copies blocks and switches on their first use. */
class Copier {
  private readonly blocks = new Map<number, number>();
  private switches = 0;

  constructor(
    private readonly trace: TraceFile,
    private readonly writer: TraceWriter,
  ) {}

  get addresses(): bigint[] {
    return [...this.blocks.keys()].map((block) => this.trace.blocks.address[block]);
  }

  block(block: number): number {
    let number = this.blocks.get(block);
    if (number === undefined) {
      const { address, physicalAddress, target, size, terminator, terminatorLength, crc, flags, instructions } =
        this.trace.blocks;
      const lengths = this.trace.blocks.instructionLengths(blockNumber(block));
      number = this.writer.addBlock({
        address: address[block],
        target: target[block],
        size: size[block],
        terminator: terminator[block],
        terminatorLength: terminatorLength[block],
        instructions: instructions[block],
        slow: (flags[block] & BlockFlag.Slow) !== 0,
        ...((flags[block] & BlockFlag.HasPhysicalAddress) === 0 ? {} : { physicalAddress: physicalAddress[block] }),
        ...((flags[block] & BlockFlag.HasCrc) === 0 ? {} : { crc: crc[block] }),
        ...(lengths === null ? {} : { instructionLengths: [...lengths] }),
      });
      this.blocks.set(block, number);
    }
    return number;
  }

  taskSwitch(index: number, execution: number): number {
    const { previousTask, nextTask, pid, threadGroup } = this.trace.switches;
    const known = pid[index] >= 0;
    this.writer.addSwitch({
      previousTask: previousTask[index],
      nextTask: nextTask[index],
      execution,
      vcpu: 0,
      comm: this.trace.switches.comm(index),
      ...(known ? { pid: pid[index], threadGroup: threadGroup[index] } : {}),
    });
    return this.switches++;
  }
}

/** A file to put into the excerpt. */
export interface AttachedFile {
  readonly name: string;
  readonly mime: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes the stretch as a trace of its own, whose clock begins with it.
 *
 * @param metadata of the excerpt
 * @param attach what to attach, given the addresses of the blocks that occur
 */
export async function writeExcerpt(
  trace: TraceFile,
  { start, end }: Stretch,
  metadata: TraceMetadata,
  attach: (addresses: readonly bigint[]) => Promise<readonly AttachedFile[]>,
  output: string,
): Promise<void> {
  const writer = await TraceWriter.create(output);
  const copier = new Copier(trace, writer);
  writer.addMetadata(metadata);
  const stream = writer.stream(0, 0);
  let startTime = -1;
  let time = 0;
  for (const execution of executionsOf(trace)) {
    if (execution.number >= end) break;
    if (execution.number < start) continue;
    if (startTime < 0) startTime = execution.time;
    time = Math.max(time, Math.round(execution.time - startTime));
    if (execution.taskSwitch >= 0) stream.taskSwitch(copier.taskSwitch(execution.taskSwitch, stream.total), time);
    stream.execute(copier.block(execution.block), trace.blocks.instructions[execution.block], time);
  }
  for (const { name, mime, bytes } of await attach(copier.addresses)) writer.addAttachment(name, mime, bytes);
  await writer.finish(time + 1, "excerpt");
}
