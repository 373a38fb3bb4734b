import { blockNumber } from "../protocol/units";
import type { BlockTable } from "../trace/types";

/**
 * Addresses of a block's instructions, counted from `start` (where the block is, or is linked). Only the start when the
 * trace does not hold their lengths: the whole block then counts there.
 */
export function instructionAddresses(blocks: BlockTable, block: number, start: bigint): BigUint64Array {
  const lengths = blocks.instructionLengths(blockNumber(block));
  if (lengths === null || lengths.length === 0) return BigUint64Array.of(start);
  const addresses = new BigUint64Array(lengths.length);
  let address = start;
  for (let i = 0; i < lengths.length; i++) {
    addresses[i] = address;
    address += BigInt(lengths[i]);
  }
  return addresses;
}

/** The addresses of all instructions of an image that a trace executed: block b has those from `start[b]` to `start[b + 1]`. */
export interface InstructionList {
  readonly start: Uint32Array;
  readonly addresses: BigUint64Array;
}

/** @param linkAddress per block; 0 for blocks outside of the image, which have no instructions here */
export function allInstructions(blocks: BlockTable, linkAddress: BigUint64Array): InstructionList {
  const pieces: BigUint64Array[] = [];
  const start = new Uint32Array(blocks.count + 1);
  let count = 0;
  for (let block = 0; block < blocks.count; block++) {
    start[block] = count;
    if (linkAddress[block] === 0n) continue;
    const piece = instructionAddresses(blocks, block, linkAddress[block]);
    pieces.push(piece);
    count += piece.length;
  }
  start[blocks.count] = count;
  const addresses = new BigUint64Array(count);
  let at = 0;
  for (const piece of pieces) {
    addresses.set(piece, at);
    at += piece.length;
  }
  return { start, addresses };
}

/** Address of a block's last instruction; the start when lengths are unknown. */
export function lastInstructionAddress(blocks: BlockTable, block: number, start: bigint): bigint {
  const lengths = blocks.instructionLengths(blockNumber(block));
  if (lengths === null || lengths.length === 0) return start;
  let offset = 0;
  for (let i = 0; i < lengths.length - 1; i++) offset += lengths[i];
  return start + BigInt(offset);
}
