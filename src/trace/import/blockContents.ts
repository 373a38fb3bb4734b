/**
 * What the blocks of a log hold, as its disassembly tells when QEMU translates them (`-d in_asm` beside `-d exec`).
 *
 * A log names executed blocks by their address. Which code that is follows from the last translation at that address, as long
 * as there is one address space. In user space there are several: from the second, different translation on, an execution
 * may be of either, and the block's content is unknown. Kernels (the upper half of addresses) are the same in all.
 */
import { crc32 } from "../crc";
import type { BlockRecord } from "../blocks";
import { mostAddresses } from "./addressIndex";
import type { TranslatedBlock } from "./text/disassembly";

export type BlockContent = Omit<BlockRecord, "address">;

interface Known {
  readonly content: BlockContent;
  readonly bytes: Uint8Array;
}

const unknown: Known = { content: {}, bytes: new Uint8Array(0) };
const kernelHalf = 1n << 63n;

export class BlockContents {
  private readonly known = new Map<bigint, Known>();

  /** What is known of the block at an address now. */
  at(address: bigint): BlockContent {
    return this.known.get(address)?.content ?? unknown.content;
  }

  /** Takes a translation; answers whether it changes what `at` says of its address. */
  take(block: TranslatedBlock): boolean {
    const { address } = block;
    const before = this.known.get(address);
    if (before === undefined) {
      if (this.known.size === mostAddresses) return false;
      this.known.set(address, knownOf(block));
      return true;
    }
    // QEMU may translate fewer instructions of the same block, for input and output at an exact time: the longer one stays.
    if (before === unknown || startsWith(before.bytes, block.bytes)) return false;
    const isLonger = startsWith(block.bytes, before.bytes);
    this.known.set(address, isLonger || address >= kernelHalf ? knownOf(block) : unknown);
    return true;
  }
}

function knownOf({ bytes, ordered, lengths }: TranslatedBlock): Known {
  const content: BlockContent = {
    size: bytes.length,
    ...(lengths !== null && { instructionLengths: lengths }),
    ...(ordered && { crc: crc32(bytes) }),
  };
  return { content, bytes };
}

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  bytes.length >= start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
