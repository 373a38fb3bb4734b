/** Reads a trace in large blocks, one ahead of the work, and carries what the work left over to the front of the next block. */
import type { TraceInput } from "./input/traceInput";

export interface FileBlock {
  /** Valid from `start` to `end`, then zeros for 256 bytes. Shared memory, and reused: see `BlockSizes.kept`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The trace ends at `end`. A trace whose length is known by its end only may end with a block of nothing new. */
  readonly last: boolean;
  /** Bytes of the trace before `start`. */
  readonly position: number;
}

export interface BlockSizes {
  /** Bytes read at a time. */
  readonly blockBytes: number;
  /** How many blocks stay valid, the last one included; an older one is overwritten when the next is asked for. */
  readonly kept: number;
}

export const usualBlockBytes = 4 * 1024 * 1024;
const usualSizes: BlockSizes = { blockBytes: usualBlockBytes, kept: 1 };
/** Most that can be carried over: longer lines and records come in pieces. */
export const carryBytes = 64 * 1024;
const paddingBytes = 256;
const lineFeed = 0x0a;

/** Call `next` until it answers null, then or earlier `close`. */
export class BlockReader {
  private readonly buffers: readonly Uint8Array[];
  private current = -1;
  /** Bytes read of the trace, those of `pending` not included. */
  private position = 0;
  private pending: Promise<number>;
  private block: FileBlock | null = null;

  constructor(
    private readonly input: TraceInput,
    private readonly sizes = usualSizes,
  ) {
    const bufferBytes = carryBytes + sizes.blockBytes + paddingBytes;
    // One more than are kept: the next is read ahead.
    this.buffers = Array.from({ length: sizes.kept + 1 }, () => new Uint8Array(new SharedArrayBuffer(bufferBytes)));
    this.pending = this.read(0);
  }

  /** @param consumed position in the last block up to which it is done with; of the rest, at most 64 KiB are kept */
  async next(consumed: number): Promise<FileBlock | null> {
    const length = await this.pending;
    if (length === 0 && (this.block === null || this.block.last)) return null;
    const from = this.block === null ? consumed : Math.max(consumed, this.block.end - carryBytes);
    const rest = this.block?.bytes.subarray(from, this.block.end) ?? new Uint8Array(0);
    this.current = (this.current + 1) % this.buffers.length;
    const bytes = this.buffers[this.current];
    const start = carryBytes - rest.length;
    const end = carryBytes + length;
    bytes.set(rest, start);
    bytes.fill(0, end, end + paddingBytes);
    const position = this.position - rest.length;
    this.position += length;
    const last = length === 0 || this.position >= (this.input.file?.bytes ?? Infinity);
    this.pending = last ? Promise.resolve(0) : this.read((this.current + 1) % this.buffers.length);
    this.block = { bytes, start, end, last, position };
    return this.block;
  }

  /** Waits for the read ahead, so that the input is not closed under it. */
  async close(): Promise<void> {
    await this.pending.catch(() => 0);
  }

  private read(index: number): Promise<number> {
    return this.input.read(this.buffers[index].subarray(carryBytes, carryBytes + this.sizes.blockBytes));
  }
}

/** Blocks of whole lines; of lines over 64 KiB, and at the end of a trace that is cut inside a line, pieces. */
export async function* lineBlocks(input: TraceInput, sizes = usualSizes): AsyncGenerator<FileBlock> {
  const reader = new BlockReader(input, sizes);
  try {
    for (let block = await reader.next(0); block !== null;) {
      const end = block.last ? block.end : endOfLines(block);
      yield { ...block, end };
      block = await reader.next(end);
    }
  } finally {
    await reader.close();
  }
}

/** Position after the last line feed of a block, or so late that what is left can be carried over. */
function endOfLines({ bytes, start, end }: FileBlock): number {
  const lastLineFeed = bytes.subarray(start, end).lastIndexOf(lineFeed);
  return Math.max(start + lastLineFeed + 1, end - carryBytes);
}
