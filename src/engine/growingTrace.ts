/** Looks at a trace that is being written, again and again, so that there is a table before its end. */
import { link, rm } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import type { GrowingFile } from "../trace/import/traceFormat";
import { openTraceFile } from "../trace/reader";
import type { ResultCache } from "./resultCache";
import { ScannedTrace } from "./scannedTrace";
import type { ScanPool } from "./scanPool";

/** Looks take at most about one part in so many of the time, but for what is done once. */
const pauseFactor = 10;
/** Milliseconds. */
const shortestPause = 400;

/** Call `grown` as the trace goes on, `end` at its end, and `dispose` when nobody uses what `show` was given any more. */
export class GrowingTrace {
  readonly #ended = new AbortController();
  /** A name of its own for the file, which an import renames while worker threads may be reading it. */
  #link: Promise<string> | undefined;
  #look: Promise<void> | undefined;
  #whole: ScannedTrace | undefined;
  /** There is more to look at. */
  #grown: GrowingFile | undefined;
  #notBefore = 0;
  /** What the look before took, in milliseconds. */
  #tookBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #paused = true;

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

  /** There is more of the trace than before. It is looked at now or soon. */
  grown(file: GrowingFile): void {
    this.#grown = file;
    this.#lookWhenDue();
  }

  /** While it is paused, as it is at first, nothing new is shown. */
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#lookWhenDue();
  }

  /** The trace with the chunks that were whole when it was looked at last, as far as they were read; undefined before. */
  get whole(): ScannedTrace | undefined {
    return this.#whole;
  }

  /** From now on nothing is shown any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    await this.#look;
  }

  async dispose(): Promise<void> {
    await this.end();
    const name = await this.#link?.catch(() => null);
    if (name != null) await rm(name, { force: true });
  }

  #lookWhenDue(): void {
    const file = this.#grown;
    if (file === undefined || this.#look !== undefined || this.#paused || this.#ended.signal.aborted) return;
    clearTimeout(this.#timer);
    const wait = this.#notBefore - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#lookWhenDue(), wait);
      return;
    }
    this.#grown = undefined;
    this.#look = this.#lookAt(file)
      .catch((error: unknown) => {
        if (this.#ended.signal.aborted) return;
        this.#ended.abort(); // the next look would fail too
        this.onProblem(error);
      })
      .finally(() => {
        this.#look = undefined;
        this.#lookWhenDue();
      });
  }

  async #lookAt(growing: GrowingFile): Promise<void> {
    const start = performance.now();
    const scanned = await this.#read(growing);
    if (scanned !== null) await this.show(scanned, this.#ended.signal);
    const end = performance.now();
    const took = end - start;
    // One look reads the symbols for all that come after it: that alone is no reason to look less often.
    this.#notBefore = Math.max(start + shortestPause, end + pauseFactor * Math.min(took, this.#tookBefore));
    this.#tookBefore = took;
  }

  /** The trace as it is now; null when there is nothing in it yet. Only what is new is read. */
  async #read(growing: GrowingFile): Promise<ScannedTrace | null> {
    const { signal } = this.#ended;
    const tail = await growing.tail();
    if (growing.isPassing) this.#link ??= this.#linkTo(growing.path);
    const file = await openTraceFile((await this.#link) ?? growing.path, { signal, ...(tail !== null && { tail }) });
    // A chunk that is not sealed may be half written.
    const written = file.chunks.filter(({ sealed, payload }) => sealed && payload === undefined);
    const whole = ScannedTrace.grown({ ...file, chunks: written }, this.pool, this.#whole);
    this.#whole = whole;
    await whole.scan(signal, () => undefined);
    const unwritten = file.chunks.filter(({ payload }) => payload !== undefined);
    if (written.length + unwritten.length + file.events.length === 0) return null;
    if (unwritten.length === 0) return whole;
    const scanned = ScannedTrace.grown({ ...file, chunks: [...written, ...unwritten] }, this.pool, whole);
    await scanned.scan(signal, () => undefined);
    return scanned;
  }

  async #linkTo(path: string): Promise<string> {
    const name = await this.cache.passingPath();
    await link(path, name);
    return name;
  }
}
