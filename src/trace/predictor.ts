/** The successor predictor of execution chunks (docs/trace-format.md, "Predictor"). */
export const predictorEntries = 65536;
const historyMask = predictorEntries - 1;

/** What a block adds to the history. */
const historyHash = (block: number): number => Math.imul(block, 0x9e3779b1) >>> 16;

/** The history after `block` was executed at history `h`. */
export const historyAfter = (h: number, block: number): number => ((h << 1) ^ historyHash(block)) & historyMask;

/** Where the parts of a decoder's entry lie: block and `Sure` in its first word, the next history and a weight in its second. */
export enum PredictorEntry {
  BlockMask = 0x7fffffff,
  /** The prediction was right when it was used last. */
  Sure = -0x80000000,
  HistoryMask = 0xffff,
  WeightShift = 16,
}

/**
 * The decoder's table. Following predictions is a chain of dependent look-ups, which bounds how fast a trace decodes: so an
 * entry is two words in one cache line, and holds, beside its block, the history that follows when the prediction is right.
 */
export class PredictorTable {
  /** Entry h is the words 2h and 2h + 1. */
  readonly words = new Int32Array(2 * predictorEntries);

  /**
   * The state at the start of a chunk: every entry predicts block 0, which adds nothing to the history.
   * @param weight of block 0, less than 2^16
   */
  reset(weight: number): void {
    const { words } = this;
    const high = weight << PredictorEntry.WeightShift;
    for (let h = 0; h < predictorEntries; h++) {
      words[2 * h] = 0;
      words[2 * h + 1] = high | historyAfter(h, 0);
    }
  }

  /** Learns that `block` of this weight came at history `h`, where something else was predicted. Answers the history after it. */
  correct(h: number, block: number, weight: number): number {
    const { words } = this;
    const next = historyAfter(h, block);
    if (words[2 * h] < 0) {
      words[2 * h] &= PredictorEntry.BlockMask;
    } else {
      words[2 * h] = block;
      words[2 * h + 1] = (weight << PredictorEntry.WeightShift) | next;
    }
    return next;
  }
}
