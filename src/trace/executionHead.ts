/** The 80-byte head of an execution chunk's payload (docs/trace-format.md, "Executions"). */
import { fileOffset } from "../protocol/units";
import { none32 } from "./chunk";
import { maximumCount } from "./limits";
import type { ExecutionChunk } from "./types";

export const executionHeadBytes = 80;

/** Codes of execution records. */
export const recordCode = {
  notWritten: 0,
  taskSwitch: 1,
  timeOnly: 2,
  end: 3,
  /** 16 + b: block b was executed and the predictor had been wrong. */
  firstBlock: 16,
} as const;

/** The head as it is in the file. Ticks may be a processor's time stamp counter, hence bigint. */
export interface ExecutionHead {
  readonly firstExecution: number;
  readonly firstInstruction: number;
  readonly executions: number;
  readonly instructions: number;
  readonly startTicks: bigint;
  readonly endTicks: bigint;
  readonly startTime: number;
  readonly endTime: number;
  readonly lastSwitch: number;
  readonly blocksKnown: number;
  readonly lastBlock: number;
}

/** Reads the head at the start of `payload`; null when it is cut or a count is beyond 2^53. */
export function parseExecutionHead(payload: Uint8Array): ExecutionHead | null {
  if (payload.length < executionHeadBytes) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, executionHeadBytes);
  const wide = (at: number): number => Number(view.getBigUint64(at, true));
  const head: ExecutionHead = {
    firstExecution: wide(0),
    firstInstruction: wide(8),
    executions: wide(16),
    instructions: wide(24),
    startTicks: view.getBigUint64(32, true),
    endTicks: view.getBigUint64(40, true),
    startTime: wide(48),
    endTime: wide(56),
    lastSwitch: signedOrNone(view.getUint32(64, true)),
    blocksKnown: view.getUint32(68, true),
    lastBlock: signedOrNone(view.getUint32(72, true)),
  };
  const { firstExecution, firstInstruction, executions, instructions, startTime, endTime } = head;
  const counts = [firstExecution + executions, firstInstruction + instructions, startTime, endTime];
  return counts.every((count) => count <= maximumCount) ? head : null;
}

export function writeExecutionHead(payload: Uint8Array, head: ExecutionHead): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const wide = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  wide(0, head.firstExecution);
  wide(8, head.firstInstruction);
  wide(16, head.executions);
  wide(24, head.instructions);
  view.setBigUint64(32, head.startTicks, true);
  view.setBigUint64(40, head.endTicks, true);
  wide(48, head.startTime);
  wide(56, head.endTime);
  view.setInt32(64, head.lastSwitch, true);
  view.setUint32(68, head.blocksKnown, true);
  view.setInt32(72, head.lastBlock, true);
  view.setUint32(76, 0, true);
}

/** "none" becomes -1. */
const signedOrNone = (value: number): number => (value === none32 ? -1 : value);

/** Where a chunk's payload is, and what its container says of it. */
export interface ChunkPlace {
  readonly offset: number;
  readonly length: number;
  readonly sealed: boolean;
  readonly crc: number;
  readonly vcpu: number;
}

/**
 * Nanoseconds per unit of a record's ticks field, or null when the head's two clock pairs do not tell.
 * @param tickShift metadata's `clock.tickShift`
 */
export function tickRate(head: ExecutionHead, tickShift: number): number | null {
  const ticks = Number(head.endTicks - head.startTicks);
  const time = head.endTime - head.startTime;
  return ticks > 0 && time >= 0 ? (time / ticks) * 2 ** tickShift : null;
}

/** What a worker needs to decode the chunk. An unsealed chunk's end is not known before that. */
export function executionChunk(place: ChunkPlace, head: ExecutionHead, timePerTick: number): ExecutionChunk {
  return {
    ...place,
    offset: fileOffset(place.offset),
    firstExecution: head.firstExecution,
    firstInstruction: head.firstInstruction,
    executions: place.sealed ? head.executions : 0,
    instructions: place.sealed ? head.instructions : 0,
    startTime: head.startTime,
    endTime: place.sealed ? Math.max(head.startTime, head.endTime) : head.startTime,
    timePerTick,
    lastBlock: head.lastBlock,
    lastSwitch: head.lastSwitch,
  };
}
