/** An input that ends early when somebody has seen enough: importers then finish with what they have, as at the end of a cut file. */
import type { TraceInput } from "./traceInput";

/** A pipe is read in pieces, so that what came through before it was stopped is not lost with the rest of a block. */
const pieceBytes = 64 * 1024;

export class StoppableInput implements TraceInput {
  /** The import was stopped before the end of the input. */
  stopped = false;

  constructor(
    private readonly inner: TraceInput,
    private readonly stop: AbortSignal | undefined,
  ) {}

  get path(): string {
    return this.inner.path;
  }

  get files(): readonly string[] {
    return this.inner.files;
  }

  get notes(): readonly string[] {
    return this.inner.notes;
  }

  get file(): TraceInput["file"] {
    return this.inner.file;
  }

  get bytesDone(): number {
    return this.inner.bytesDone;
  }

  get bytesTotal(): number {
    return this.inner.bytesTotal;
  }

  get problem(): string | null {
    return this.inner.problem;
  }

  peek(into: Uint8Array): Promise<number> {
    return this.inner.peek(into);
  }

  async read(into: Uint8Array): Promise<number> {
    if (this.bytesTotal !== Infinity) return this.stop?.aborted === true ? this.end(0) : this.inner.read(into);
    let done = 0;
    while (done < into.length) {
      if (this.stop?.aborted === true) return this.end(done);
      const length = await this.readPiece(into.subarray(done, done + pieceBytes));
      if (length === 0) break;
      done += length;
    }
    return done;
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** A pipe that is waited for is given up when the import is stopped, which its reader tells as an AbortError. */
  private async readPiece(into: Uint8Array): Promise<number> {
    try {
      return await this.inner.read(into);
    } catch (error) {
      if (this.stop?.aborted === true && error instanceof Error && error.name === "AbortError") return this.end(0);
      throw error;
    }
  }

  private end(length: number): number {
    this.stopped ||= this.bytesDone < this.bytesTotal;
    return length;
  }
}
