/** The successor predictor of execution chunks (docs/trace-format.md, "Predictor"). */
export const predictorEntries = 65536;
const historyMask = predictorEntries - 1;

/** What a block adds to the history. */
const historyHash = (block: number): number => Math.imul(block, 0x9e3779b1) >>> 16;

/** The history after `block` was executed at history `h`. */
export const historyAfter = (h: number, block: number): number => ((h << 1) ^ historyHash(block)) & historyMask;
