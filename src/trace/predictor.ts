/**
 * The successor predictor of execution chunks (docs/trace-format.md, "Predictor"), shared by encoder and decoder.
 *
 * Beside each entry's block lies the history that follows when the prediction is right, so that following it costs one load:
 * this chain of dependent steps is what bounds how fast a trace decodes.
 */
export const predictorEntries = 65536;
export const historyMask = predictorEntries - 1;

/** What a block adds to the history. */
export const historyHash = (block: number): number => Math.imul(block, 0x9e3779b1) >>> 16;

/** The history after `block` was executed at history `h`. */
export const historyAfter = (h: number, block: number): number => ((h << 1) ^ historyHash(block)) & historyMask;

/** At the start of a chunk every entry predicts block 0, which adds nothing to the history. */
const nextAtStart = Uint16Array.from({ length: predictorEntries }, (_, h) => (h << 1) & historyMask);

export class PredictorTable {
  readonly block = new Uint32Array(predictorEntries);
  /** The history after `block` was executed at this one, entry by entry. */
  readonly next = nextAtStart.slice();
  readonly sure = new Uint8Array(predictorEntries);

  /** The state at the start of a chunk. */
  reset(): void {
    this.block.fill(0);
    this.next.set(nextAtStart);
    this.sure.fill(0);
  }

  /** Learns that `block` came at history `h`, where something else was predicted. Answers the history after it. */
  correct(h: number, block: number): number {
    const next = historyAfter(h, block);
    if (this.sure[h] !== 0) {
      this.sure[h] = 0;
    } else {
      this.block[h] = block;
      this.next[h] = next;
    }
    return next;
  }
}
