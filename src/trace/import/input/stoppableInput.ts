/** An input that ends early when somebody has seen enough: importers then finish with what they have, as at the end of a cut file. */
import type { InputFile, Peeked, TraceInput } from "./traceInput";

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

  get file(): InputFile | null {
    const { file } = this.inner;
    if (file === null) return null;
    const goTo = (position: number): boolean => {
      const isMore = file.goTo(position);
      if (this.isStopped()) this.end();
      return isMore && !this.isStopped();
    };
    return { ...file, goTo };
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

  peek(into: Uint8Array, known?: number): Promise<Peeked> {
    return this.inner.peek(into, known);
  }

  /** A pipe that is waited for is given up when the import is stopped, which its reader tells as an AbortError. */
  async read(into: Uint8Array): Promise<number> {
    if (this.isStopped()) return this.end();
    try {
      return await this.inner.read(into);
    } catch (error) {
      if (this.isStopped() && error instanceof Error && error.name === "AbortError") return this.end();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** A method, because the compiler does not see that it changes during an await. */
  private isStopped(): boolean {
    return this.stop?.aborted === true;
  }

  private end(): number {
    this.stopped ||= this.bytesDone < this.bytesTotal;
    return 0;
  }
}
