/** Looks at what an import has written so far, again and again, so that there is a table before its end. */
import { link, rm } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { openTraceFile } from "../trace/reader";
import type { ResultCache } from "./resultCache";
import { ScannedTrace } from "./scannedTrace";
import type { ScanPool } from "./scanPool";

/** A look takes at most about one part in so many of the time. */
const pauseFactor = 10;
const shortestPause = 250;

/** Call `grown` as the import goes on, `end` at its end, and `dispose` when nobody uses what `show` was given any more. */
export class GrowingTrace {
  readonly #ended = new AbortController();
  /** A name of its own for the file, which the import renames while worker threads may be reading it. */
  #name: Promise<string> | undefined;
  #look: Promise<void> | undefined;
  #chunksSeen = 0;
  #notBefore = 0;

  /**
   * @param show takes the trace as it was at some moment, read completely; the next look waits for it
   * @param onProblem is told why there was nothing to see
   */
  constructor(
    private readonly cache: ResultCache,
    private readonly pool: ScanPool,
    private readonly show: (scanned: ScannedTrace, signal: AbortSignal) => Promise<void>,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  /** @param executionChunks how many of them the trace at `path` has */
  grown(path: string, executionChunks: number): void {
    const isDue = executionChunks > this.#chunksSeen && performance.now() >= this.#notBefore;
    if (!isDue || this.#look !== undefined || this.#ended.signal.aborted) return;
    this.#chunksSeen = executionChunks;
    this.#look = this.#lookAt(path)
      .catch((error: unknown) => {
        if (this.#ended.signal.aborted) return;
        this.#ended.abort(); // the next look would fail too
        this.onProblem(error);
      })
      .finally(() => (this.#look = undefined));
  }

  /** From now on nothing is shown any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#look;
  }

  async dispose(): Promise<void> {
    await this.end();
    const name = await this.#name?.catch(() => null);
    if (name != null) await rm(name, { force: true });
  }

  async #lookAt(path: string): Promise<void> {
    const { signal } = this.#ended;
    this.#name ??= this.#linkTo(path);
    const start = performance.now();
    const file = await openTraceFile(await this.#name, { signal });
    // The last chunk may be half written.
    const scanned = new ScannedTrace({ ...file, chunks: file.chunks.filter(({ sealed }) => sealed) }, this.pool);
    await scanned.scan(signal, () => undefined);
    const end = performance.now();
    this.#notBefore = end + Math.max(shortestPause, pauseFactor * (end - start));
    await this.show(scanned, signal);
  }

  async #linkTo(path: string): Promise<string> {
    const name = await this.cache.passingPath();
    await link(path, name);
    return name;
  }
}
