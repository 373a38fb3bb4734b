/**
 * Reads executions from simple traces of QEMU (layout: src/trace/import/simpletraceRecord.ts) in little-endian order, as long as
 * one record of one process follows the other. Any other record is left to TypeScript.
 */
import { addressCount, makeTable, numberOf } from "./addressTable";

export { addressCount, makeTable };

/** Bytes of an event before its arguments, which its length counts; and with two words of arguments. */
const headBytes: usize = 24;
const recordLength: u32 = 40;
const eventType: u64 = 1;
const exitMask: u64 = 3;
const exitRequested: u64 = 3;

let blockColumn: usize = 0;
let timeColumn: usize = 0;
let mostRows: u32 = 0;
/** Of the type word before each record: 8, or 0 in versions before 4. */
let typeBytes: usize = 0;
let execTb: u64 = 0;
let execTbExit: u64 = 0;
/** Length and process of a record, which are one word. */
let lengthAndProcess: u64 = 0;
let zero: u64 = 0;

export let rows: u32 = 0;
/** Key of the last row. */
export let lastKey: i32 = 0;
/** An exit may still say that the last row did not run; false also where it said so of one after it. */
export let lastIsOpen: bool = false;
/** No row's time is before that of the row before it. */
export let ascending: bool = true;
let latest: i64 = 0;

/** Begins rows, which go into these columns. */
export function begin(block: usize, time: usize, most: u32): void {
  blockColumn = block;
  timeColumn = time;
  mostRows = most;
  rows = 0;
  lastIsOpen = false;
  ascending = true;
  latest = i64.MIN_VALUE;
}

/**
 * What the numbers of events are; of the exit -1 if it has none.
 * @param process that wrote the records
 * @param timeLow low half of the time that is zero
 */
export function setEvents(type: u32, executionId: u32, exitId: i32, process: u32, timeLow: u32, timeHigh: u32): void {
  typeBytes = type;
  execTb = executionId;
  execTbExit = exitId as i64 as u64;
  lengthAndProcess = ((process as u64) << 32) | (recordLength as u64);
  zero = ((timeHigh as u64) << 32) | (timeLow as u64);
}

/** A host address in 32 bits. */
function keyOf(block: u64): i32 {
  return ((block as u32) ^ (((block >> 32) as u32) * 0x9e3779b1)) as i32;
}

/** Reads records from `at` on, which become further rows; answers where the first is that it leaves alone. */
export function readRecords(start: usize, end: usize): usize {
  // Locals stay in registers.
  const before = typeBytes;
  const execution = execTb;
  const sizeAndProcess = lengthAndProcess;
  const start0 = zero;
  const blocks = blockColumn;
  const times = timeColumn;
  const length = before + (recordLength as usize);
  let newest = latest;
  let ascends = ascending;
  let at = start;
  let row = rows;
  let block: u64 = 0;
  let isBlockKnown = false;
  for (; at + length <= end && row < mostRows; at += length) {
    const event = at + before;
    if (before != 0 && load<u64>(at) != eventType) break;
    const id = load<u64>(event);
    const last = load<u64>(event + headBytes + 8);
    if (id == execution) {
      if (load<u64>(event + 16) != sizeAndProcess) break;
      const number = numberOf(last);
      if (number == 0) break;
      store<u32>(blocks + ((row as usize) << 2), number - 1);
      // Negative before zero; also where it is too late for any trace.
      const time = (load<u64>(event + 8) - start0) as i64;
      ascends = ascends & (time >= newest);
      newest = time;
      store<f64>(times + ((row as usize) << 3), time as f64);
      row++;
      block = load<u64>(event + headBytes);
      isBlockKnown = true;
      lastIsOpen = true;
    } else {
      if (id != execTbExit || load<u32>(event + 16) != recordLength) break;
      if ((last & exitMask) != exitRequested) continue;
      // Which execution it means is known elsewhere if none was read here.
      if (row == 0) break;
      const key = isBlockKnown ? keyOf(block) : lastKey;
      if (lastIsOpen && keyOf(load<u64>(event + headBytes)) == key) {
        // The first row stays for TypeScript: something has to have announced what an exit takes back.
        if (row == 1) break;
        row--;
        lastIsOpen = false;
      }
    }
  }
  rows = row;
  latest = newest;
  ascending = ascends;
  if (isBlockKnown) lastKey = keyOf(block);
  return at;
}
