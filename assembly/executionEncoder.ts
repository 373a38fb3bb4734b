/**
 * Encodes executions that follow one another into records (docs/trace-format.md, "Executions"), as src/trace/encoder.ts does one
 * by one. Its memory is laid out by src/trace/runEncoder.ts.
 */

const historyMask: u32 = 0xffff;
const historyFactor: u32 = 0x9e3779b1;
/** Code of a record that says which block was executed: this and the block's number. */
const firstBlock: u64 = 16;

// What one call leaves to the next: read and written by TypeScript.
export let history: u32 = 0;
/** Executions that were predicted since the last record. */
export let hits: u32 = 0;
/** Time of the last record. */
export let recordTime: f64 = 0;

/** Executions that the last call encoded. */
export let encoded: u32 = 0;

/** Forgets what a table of the predictor has learned. */
export function clearTable(table: usize): void {
  memory.fill(table, 0, ((historyMask as usize) + 1) << 2);
}

/**
 * Encodes `count` executions, or fewer: it ends with the record that needs more than `room` bytes.
 * @param table of the predictor: 65,536 words, each a block times two, plus one if it is sure
 * @param blocks of each execution a number, 4 bytes
 * @param translation of such a number into the block's, 4 bytes
 * @param times of them, 8 bytes each; 0: the first is at `firstTime`, the others follow one unit after the other
 * @param output where records go
 * @returns bytes of the records
 */
export function encode(
  table: usize,
  blocks: usize,
  translation: usize,
  times: usize,
  firstTime: f64,
  count: u32,
  output: usize,
  room: u32,
): u32 {
  const last = output + (room as usize);
  let at = output;
  let h = history;
  let predicted = hits;
  let row: u32 = 0;
  while (row < count) {
    const number = load<u32>(blocks + ((row as usize) << 2));
    const block = load<u32>(translation + ((number as usize) << 2));
    const entryAt = table + ((h as usize) << 2);
    h = ((h << 1) ^ ((block * historyFactor) >> 16)) & historyMask;
    const entry = load<u32>(entryAt);
    const sure = (block << 1) | 1;
    row++;
    if (entry == sure) {
      predicted++;
    } else if (entry == sure - 1) {
      store<u32>(entryAt, sure);
      predicted++;
    } else {
      const time = times == 0 ? firstTime + ((row - 1) as f64) : load<f64>(times + (((row - 1) as usize) << 3));
      at = writeVarint(at, predicted as u64);
      at = writeVarint(at, firstBlock + (block as u64));
      at = writeVarint(at, (time - recordTime) as u64);
      recordTime = time;
      predicted = 0;
      store<u32>(entryAt, (entry & 1) != 0 ? entry - 1 : sure - 1);
      if (at > last) break;
    }
  }
  history = h;
  hits = predicted;
  encoded = row;
  return (at - output) as u32;
}

/** Writes unsigned LEB128; answers the position after it. */
function writeVarint(at: usize, value: u64): usize {
  for (; value > 0x7f; value >>= 7) store<u8>(at++, ((value & 0x7f) | 0x80) as u8);
  store<u8>(at, value as u8);
  return at + 1;
}
