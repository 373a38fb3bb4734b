/** Looks for modules and programs in a trace while it grows, beside everything else and in a small part of the time. */
import { performance } from "node:perf_hooks";
import type { ScannedTrace } from "./scannedTrace";

/** Searches take at most about one part in so many of the time. */
const pauseFactor = 10;

export class GrowingNames {
  readonly #ended = new AbortController();
  #search: Promise<void> | undefined;
  #notBefore = 0;
  /** Blocks that the part had that was looked through last. */
  #blocks = 0;

  /** @param find looks through what there is of the trace; never rejects */
  constructor(private readonly find: (scanned: ScannedTrace, signal: AbortSignal) => Promise<void>) {}

  /** There is more of the trace, read completely: it is looked through if there are other blocks in it, and it is time. */
  grown(scanned: ScannedTrace): void {
    const { count } = scanned.file.blocks;
    const isDue = this.#search === undefined && performance.now() >= this.#notBefore && count > this.#blocks;
    if (!isDue || this.#ended.signal.aborted) return;
    this.#blocks = count;
    const start = performance.now();
    this.#search = this.find(scanned, this.#ended.signal).finally(() => {
      const end = performance.now();
      this.#notBefore = end + pauseFactor * (end - start);
      this.#search = undefined;
    });
  }

  /** From now on nothing is looked for any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#search;
  }
}
