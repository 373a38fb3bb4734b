import type { TraceSummary } from "../protocol/engine";
import { BootscopeError, toFailure } from "../protocol/failure";
import type { FollowOptions } from "../trace/import/input/followedFile";
import { followRecording, recordingIn } from "../trace/import/input/followedRecording";
import type { GrowingFile } from "../trace/import/traceFormat";
import type { TraceFile } from "../trace/types";
import { GrowingTrace } from "./growingTrace";
import type { ResultCache } from "./resultCache";
import { ScannedTrace } from "./scannedTrace";
import type { ScanPool } from "./scanPool";
import { importedCopy, type TraceSource } from "./traceSource";

/** What bringing a trace in needs, and who is told of it. */
export interface IncomingParts {
  readonly cache: ResultCache;
  readonly pool: ScanPool;
  /** The bundled importWorker; without, imports happen on the calling thread. */
  readonly importWorker: string | undefined;
  /** A trace-events file to use instead of one beside the trace. */
  readonly traceEvents: string | undefined;
  /** Takes the trace as it was at some moment, read completely. */
  show(scanned: ScannedTrace, signal: AbortSignal): Promise<void>;
  progress(bytesDone: number, bytesTotal: number): void;
  log(text: string): void;
}

/** A trace that is not all there as a .bst yet: imports it, or follows its recording, and shows what there is of it as it grows. */
export class IncomingTrace {
  /** Ends an import early, with what it has. */
  readonly #stop = new AbortController();
  readonly #growing: GrowingTrace;
  #follow: TraceSummary["follow"];
  /** All that was in the file when it was opened is read: from then on there is no progress to tell. */
  #isCaughtUp = false;
  /** Somebody waits for the trace, so that it is worth to show what there is of it. */
  #isWanted = false;
  /** The recording that is followed. */
  #recording: string | undefined;
  /** Ends when nothing comes in any more; null: nothing does. */
  #coming: Promise<unknown> | null = null;

  constructor(
    private readonly source: TraceSource,
    private readonly parts: IncomingParts,
  ) {
    const show = async (scanned: ScannedTrace, signal: AbortSignal): Promise<void> => {
      await this.#checkRecording();
      await parts.show(scanned, signal);
    };
    this.#growing = new GrowingTrace(parts.cache, parts.pool, show, (error) => {
      parts.log(`Nothing more can be shown before the end of the trace: ${toFailure(error).message}`);
    });
    this.#follow = source.live === null ? null : "live";
  }

  get follow(): TraceSummary["follow"] {
    return this.#follow;
  }

  /** A recording that is not in its file any more, because another one was begun there or it was replaced. */
  get isGone(): boolean {
    return !this.source.foreign && this.#follow === "lost";
  }

  /** From now on what there is of it is shown. */
  want(): void {
    this.#isWanted = true;
    this.#growing.paused = this.#follow === "paused";
  }

  /** A later opening finds the .bst again, and with it what is kept of it. */
  get isFoundAgain(): boolean {
    return !this.source.foreign || !this.#stop.signal.aborted;
  }

  /** Leaves what is shown of a trace that is being written as it is, or goes on with it; answers false for any other trace. */
  pause(paused: boolean): boolean {
    if (this.#follow === null || this.#follow === "lost") return false;
    this.#follow = paused ? "paused" : "live";
    this.#growing.paused = paused || !this.#isWanted;
    return true;
  }

  /** Ends it with what came in so far: resolves when it has ended. Answers null when nothing comes in any more. */
  stop(): Promise<unknown> | null {
    if (this.#coming !== null) this.#stop.abort();
    return this.#coming;
  }

  /**
   * Resolves with the path of the .bst at its end; from then on nothing is shown any more. Rejects with what goes wrong, or with
   * `cancelled` when it was stopped before there was anything.
   * @param signal ends it without a result
   */
  async whole(signal: AbortSignal): Promise<string> {
    const path = await this.#arrive(signal).finally(() => this.#growing.end());
    if (this.#follow !== "lost") this.#follow = null;
    return path;
  }

  /**
   * The trace to read at its end. Of an import that was stopped, what was shown is not read again: somebody waits for the rest.
   * Its time buckets may be up to twice as wide as those of a trace that is read anew.
   * @param file what `whole` brought
   */
  toScan(file: TraceFile): ScannedTrace {
    const { pool } = this.parts;
    const shown = this.isFoundAgain ? undefined : this.#growing.whole;
    // A chunk that is open says when it ends after it was read, and then all time buckets are made anew.
    const isOpen = file.chunks.some(({ sealed }) => !sealed);
    return shown === undefined || isOpen ? new ScannedTrace(file, pool) : ScannedTrace.grown(file, pool, shown);
  }

  /** Call it when nobody uses what was shown any more. */
  dispose(): Promise<void> {
    return this.#growing.dispose();
  }

  async #arrive(signal: AbortSignal): Promise<string> {
    const arrival = this.source.foreign ? this.#import(signal) : this.#followRecording(signal);
    this.#coming = Promise.allSettled([arrival]);
    try {
      return await arrival;
    } finally {
      this.#coming = null;
    }
  }

  /** From the cache, if it has it. */
  async #import(signal: AbortSignal): Promise<string> {
    const { cache, importWorker, traceEvents } = this.parts;
    const { live } = this.source;
    const stop = this.#stop.signal;
    const progress = (done: number, total: number): void => {
      if (!this.#isCaughtUp) this.parts.progress(done, total);
      this.#isCaughtUp ||= live === "file" && done >= total;
    };
    const onGrown = (file: GrowingFile): void => this.#growing.grown(file);
    const follow = live === "file" ? this.#followOptions() : undefined;
    try {
      const options = { signal, stop, progress, onGrown, follow, importWorker, traceEvents };
      return await importedCopy(this.source, cache, options);
    } catch (error) {
      if (!signal.aborted && !(stop.aborted && error instanceof Error && error.name === "AbortError")) throw error;
      throw new BootscopeError("cancelled", "The import was cancelled before anything was found.", "", {
        cause: error,
      });
    }
  }

  async #followRecording(signal: AbortSignal): Promise<string> {
    const { path } = this.source;
    const growing = { path, isPassing: false, tail: () => Promise.resolve(null) };
    const stop = this.#stop.signal;
    try {
      this.#recording = await recordingIn(path);
      const either = AbortSignal.any([signal, stop]);
      await followRecording(path, this.#followOptions(), () => this.#growing.grown(growing), either);
    } catch (error) {
      if (!stop.aborted || signal.aborted) throw error;
    }
    return path;
  }

  /** What was read a moment ago is shown only if it is all of one recording. Rejects with `damaged`. */
  async #checkRecording(): Promise<void> {
    if (this.#recording === undefined || (await recordingIn(this.source.path)) === this.#recording) return;
    throw new BootscopeError("damaged", "Another recording was begun in the file.", "Open it again.");
  }

  #followOptions(): FollowOptions {
    return { isPaused: () => this.#follow === "paused", onLost: () => (this.#follow = "lost") };
  }
}
