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

/** Address of a block's last instruction; the start when lengths are unknown. */
export function lastInstructionAddress(blocks: BlockTable, block: number, start: bigint): bigint {
  const lengths = blocks.instructionLengths(blockNumber(block));
  if (lengths === null || lengths.length === 0) return start;
  let offset = 0;
  for (let i = 0; i < lengths.length - 1; i++) offset += lengths[i];
  return start + BigInt(offset);
}
