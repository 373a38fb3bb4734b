/** Bounds that keep a reader's memory and time in proportion on any input. They are part of docs/trace-format.md. */

/** Largest extent of a chunk. A head that claims more is not a head. */
export const maximumExtent = 64 * 1024 * 1024;

/** Most blocks in a file. A real boot has about 10^5. */
export const maximumBlocks = 1 << 24;

/** Most blocks that are missing from a file but were executed in it, for which room is made. */
export const maximumMissingBlocks = 1 << 18;

/** Most task switches in a file. */
export const maximumSwitches = 1 << 24;

/** Counts and times are doubles; a producer's 64-bit value above this is damage. */
export const maximumCount = Number.MAX_SAFE_INTEGER;
