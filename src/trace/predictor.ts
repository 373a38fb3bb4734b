/**
 * The successor predictor of execution chunks (docs/trace-format.md, "Predictor"), shared by encoder and decoder.
 *
 * Beside each entry's block lies that block's share of the history, so that following a prediction costs one load and a
 * shift, not a multiplication: this chain of dependent steps is what bounds how fast a trace decodes.
 */
export const predictorEntries = 65536;
export const historyMask = predictorEntries - 1;

/** What a block adds to the history. */
export const historyHash = (block: number): number => Math.imul(block, 0x9e3779b1) >>> 16;

export class PredictorTable {
  readonly block = new Uint32Array(predictorEntries);
  /** `historyHash` of `block`, entry by entry. */
  readonly hash = new Uint16Array(predictorEntries);
  readonly sure = new Uint8Array(predictorEntries);

  /** The state at the start of a chunk. */
  reset(): void {
    this.block.fill(0);
    this.hash.fill(0);
    this.sure.fill(0);
  }

  /** Learns that `block` came at history `h`, where something else was predicted. Answers the block's history hash. */
  correct(h: number, block: number): number {
    const hash = historyHash(block);
    if (this.sure[h] !== 0) {
      this.sure[h] = 0;
    } else {
      this.block[h] = block;
      this.hash[h] = hash;
    }
    return hash;
  }
}
