/** A file with the chunks behind it that are not written yet. */
import type { ByteSource } from "./chunkWalk";
import type { TraceTail } from "./types";

export class TailedFile implements ByteSource {
  constructor(
    private readonly file: ByteSource,
    private readonly tail: TraceTail,
  ) {}

  get bytes(): number {
    return this.tail.at + this.tail.bytes.length;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    const { at, bytes } = this.tail;
    if (position < at) return this.file.read(buffer, offset, Math.min(length, at - position), position);
    const part = bytes.subarray(position - at, position - at + length);
    buffer.set(part, offset);
    return Promise.resolve({ bytesRead: part.length });
  }

  /** The bytes of a chunk if they are not in the file, or null. */
  payload({ offset, length }: { readonly offset: number; readonly length: number }): Uint8Array | null {
    const { at, bytes } = this.tail;
    return offset < at ? null : bytes.slice(offset - at, offset - at + length);
  }
}
