import type { BlockTable } from "../trace/types";
import type { Attribution } from "./attribution";
import type { InstructionList } from "./instructionAddresses";

/** The row of each instruction: that of the function whose code it is part of. */
export function instructionRows(
  blocks: BlockTable,
  attribution: Attribution,
  { start, addresses }: InstructionList,
): Uint32Array {
  const rows = new Uint32Array(addresses.length);
  for (let block = 0; block < blocks.count; block++) {
    const last = attribution.start[block + 1] - 1;
    let piece = attribution.start[block];
    let left = attribution.instructions[piece];
    for (let at = start[block]; at < start[block + 1]; at++) {
      while (left === 0 && piece < last) left = attribution.instructions[++piece];
      left--;
      rows[at] = attribution.row[piece];
    }
  }
  return rows;
}
