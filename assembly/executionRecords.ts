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

export let rows: u32 = 0;
/** Key of the last row. */
export let lastKey: i32 = 0;
/** No row's time is before that of the row before it. */
export let ascending: bool = true;
let latest: u64 = 0;

/** Begins rows, which go into these columns. */
export function begin(block: usize, time: usize, most: u32): void {
  blockColumn = block;
  timeColumn = time;
  mostRows = most;
  rows = 0;
  ascending = true;
  latest = 0;
}

/** What the numbers of events are; of the exit -1 if it has none. */
export function setEvents(type: u32, executionId: u32, exitId: i32): void {
  typeBytes = type;
  execTb = executionId;
  execTbExit = exitId as i64 as u64;
}

/** Nanoseconds; negative for times before zero. */
function timeSince(zero: u64, time: u64): f64 {
  return time >= zero ? ((time - zero) as f64) : -((zero - time) as f64);
}

/**
 * Reads records from `at` on, which become further rows; answers where the first is that it leaves alone.
 * @param process that wrote them
 * @param timeLow low half of the time that is zero
 */
export function readRecords(start: usize, end: usize, process: u32, timeLow: u32, timeHigh: u32): usize {
  const zero = ((timeHigh as u64) << 32) | (timeLow as u64);
  const length = typeBytes + (recordLength as usize);
  let at = start;
  let row = rows;
  for (; at + length <= end && row < mostRows; at += length) {
    const event = at + typeBytes;
    const id = load<u64>(event);
    if (load<u32>(event + 16) != recordLength) break;
    if (typeBytes != 0 && load<u64>(at) != eventType) break;
    const last = load<u64>(event + headBytes + 8);
    if (id == execTb) {
      if (load<u32>(event + 20) != process) break;
      const number = numberOf(last);
      if (number == 0) break;
      store<u32>(blockColumn + ((row as usize) << 2), number - 1);
      const time = load<u64>(event + 8);
      if (time < latest) ascending = false;
      latest = time;
      store<f64>(timeColumn + ((row as usize) << 3), timeSince(zero, time));
      row++;
      const block = load<u64>(event + headBytes);
      lastKey = ((block as u32) ^ (((block >> 32) as u32) * 0x9e3779b1)) as i32;
    } else if (id != execTbExit || (last & exitMask) == exitRequested) {
      break;
    }
  }
  rows = row;
  return at;
}
