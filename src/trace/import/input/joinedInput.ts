/** Several files that are one trace: their bytes one after the other. */
import type { FileHandle } from "node:fs/promises";
import { readFully } from "../../chunkWalk";
import { openForReading } from "../../reader";
import type { Peeked, TraceInput } from "./traceInput";

export interface InputPart {
  readonly path: string;
  /** Bytes of it that are read, from its beginning on. */
  readonly bytes: number;
}

/** Holds one of the files open at a time. */
export class JoinedInput implements TraceInput {
  readonly file = null;
  readonly problem = null;
  readonly files: readonly string[];
  readonly bytesTotal: number;
  bytesDone = 0;
  /** The part that is read next, and how much of it was. */
  private part = 0;
  private position = 0;
  private handle: FileHandle | null = null;

  /**
   * @param path by which the trace is known
   * @param parts in the order in which they are read
   */
  constructor(
    readonly path: string,
    private readonly parts: readonly InputPart[],
    readonly notes: readonly string[],
  ) {
    this.files = parts.map((part) => part.path);
    this.bytesTotal = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async peek(into: Uint8Array): Promise<Peeked> {
    const start = new JoinedInput(this.path, this.parts, this.notes);
    try {
      const bytes = await start.read(into);
      return { bytes, whole: bytes < into.length };
    } finally {
      await start.close();
    }
  }

  async read(into: Uint8Array): Promise<number> {
    let done = 0;
    while (done < into.length && this.part < this.parts.length) {
      const { path, bytes } = this.parts[this.part];
      const wanted = into.subarray(done, Math.min(into.length, done + bytes - this.position));
      this.handle ??= await openForReading(path);
      const length = await readFully(this.handle, wanted, this.position);
      done += length;
      this.position += length;
      // A file that became shorter meanwhile ends where it ends now.
      if (this.position >= bytes || length < wanted.length) await this.nextPart();
    }
    this.bytesDone += done;
    return done;
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close();
  }

  private async nextPart(): Promise<void> {
    await this.close();
    this.part++;
    this.position = 0;
  }
}
