/** Reads a trace in large blocks, one ahead of the work, and carries what the work left over to the front of the next block. */
import type { TraceInput } from "./input/traceInput";

export interface FileBlock {
  /** Which of the reader's buffers it is in. */
  readonly buffer: number;
  /** Valid from `start` to `end`, then zeros for 256 bytes. Reused: see `BlockReader`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The trace ends at `end`. A trace whose length is known by its end only may end with a block of nothing new. */
  readonly last: boolean;
  /** Bytes of the trace before `start`. */
  readonly position: number;
}

export const usualBlockBytes = 4 * 1024 * 1024;
/** Most that can be carried over: longer lines and records come in pieces. */
export const carryBytes = 64 * 1024;
/** Behind every block are so many zeros. */
export const paddingBytes = 256;
const lineFeed = 0x0a;

/** What a buffer for blocks that are read so many bytes at a time must hold. */
export const bufferBytes = (blockBytes: number): number => carryBytes + blockBytes + paddingBytes;

/** Whether it is not worth the while to start threads for the input. */
export const isShort = ({ file }: TraceInput, blockBytes: number): boolean =>
  file !== null && file.bytes <= 2 * blockBytes;

const usualBuffers = (): Uint8Array[] => [0, 1].map(() => new Uint8Array(bufferBytes(usualBlockBytes)));

/**
 * Call `next` until it answers null, then or earlier `close`. Blocks are in the buffers in turn; as one is read ahead, all but
 * one stay valid.
 */
export class BlockReader {
  private current = -1;
  /** Bytes read of the trace, those of `pending` not included. */
  private position = 0;
  private pending: Promise<number>;
  private block: FileBlock | null = null;

  constructor(
    private readonly input: TraceInput,
    private readonly buffers = usualBuffers(),
  ) {
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
    this.block = { buffer: this.current, bytes, start, end, last, position };
    return this.block;
  }

  /** Waits for the read ahead, so that the input is not closed under it. */
  async close(): Promise<void> {
    await this.pending.catch(() => 0);
  }

  private read(index: number): Promise<number> {
    const buffer = this.buffers[index];
    const reading = this.input.read(buffer.subarray(carryBytes, buffer.length - paddingBytes));
    reading.catch(() => undefined); // told by `next`
    return reading;
  }
}

/** Blocks of whole lines; of lines over 64 KiB, and at the end of a trace that is cut inside a line, pieces. */
export async function* lineBlocks(input: TraceInput, buffers = usualBuffers()): AsyncGenerator<FileBlock> {
  const reader = new BlockReader(input, buffers);
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
