/**
 * Prints records of QEMU's simple traces (layout: src/trace/import/simpletraceRecord.ts) as QEMU's simpletrace.py does, where
 * they are little-endian, say which process wrote them, and have numbers only. Its memory is laid out by
 * src/trace/import/recordLines.ts, which leaves it what is known of events:
 *
 *   by number of the event, 4 bytes: where its pattern is, or 0
 *   a pattern: bytes of a record, longest line, length of what a line begins with, number of arguments (4 bytes each); then
 *   what a line begins with; then what comes before each argument: its length in one byte, and so many bytes
 */

const eventType: u64 = 1;
const headBytes: usize = 24;
/** Up to here a double of microseconds has three exact digits behind its point. */
const mostExact: u64 = 1 << 52;

const space: u8 = 0x20;
const minus: u8 = 0x2d;
const point: u8 = 0x2e;
const zero: u8 = 0x30;
const lineFeed: u8 = 0x0a;
const pid: u32 = 0x3d646970; // "pid="

let patterns: usize = 0;
let mostEvents: u64 = 0;
let typeBytes: usize = 0;

/** Time of the line before. */
export let before: u64 = 0;
/** Where the text ends. */
export let written: usize = 0;

export function setPatterns(at: usize, count: u32, type: u32): void {
  patterns = at;
  mostEvents = count as u64;
  typeBytes = type;
}

/** The pattern for the record at `at`, or 0 where it has to be printed in another way or is not whole before `end`. */
export function patternOf(at: usize, end: usize): usize {
  const event = at + typeBytes;
  if (event + headBytes > end || (typeBytes != 0 && load<u64>(at) != eventType)) return 0;
  const id = load<u64>(event);
  if (id >= mostEvents) return 0;
  const pattern = load<u32>(patterns + ((id as usize) << 2)) as usize;
  if (pattern == 0) return 0;
  const length = load<u32>(event + 16);
  return length == load<u32>(pattern) && event + (length as usize) <= end ? pattern : 0;
}

/** Prints records from `at` on; answers where the first is that it leaves alone, or for which the text's room is too small. */
export function print(start: usize, end: usize, output: usize, room: usize): usize {
  let at = start;
  let out = output;
  for (;;) {
    const pattern = patternOf(at, end);
    if (pattern == 0 || out + (load<u32>(pattern, 4) as usize) > output + room) break;
    const event = at + typeBytes;
    const time = load<u64>(event + 8);
    const isBack = time < before;
    const delta = isBack ? before - time : time - before;
    if (delta >= mostExact) break;
    before = time;
    const nameLength = load<u32>(pattern, 8) as usize;
    const count = load<u32>(pattern, 12);
    let text = pattern + 16;
    memory.copy(out, text, nameLength);
    text += nameLength;
    out += nameLength;
    if (isBack) store<u8>(out++, minus);
    out = delta <= 0xffffffff ? printDecimal(out, (delta as u32) / 1000) : printLong(out, delta / 1000);
    const thousandths = delta <= 0xffffffff ? (delta as u32) % 1000 : ((delta % 1000) as u32);
    store<u8>(out, point);
    store<u8>(out + 1, zero + ((thousandths / 100) as u8));
    store<u8>(out + 2, zero + (((thousandths / 10) % 10) as u8));
    store<u8>(out + 3, zero + ((thousandths % 10) as u8));
    store<u8>(out + 4, space);
    store<u32>(out + 5, pid);
    out = printDecimal(out + 9, load<u32>(event + 20));
    let argument = event + headBytes;
    for (let index: u32 = 0; index < count; index++) {
      const length = load<u8>(text) as usize;
      // In words of eight: there is room behind each line.
      for (let byte: usize = 0; byte < length; byte += 8) store<u64>(out + byte, load<u64>(text + 1 + byte));
      text += 1 + length;
      out = printHexadecimal(out + length, load<u64>(argument));
      argument += 8;
    }
    if (count == 0) store<u8>(out++, space);
    store<u8>(out++, lineFeed);
    at = argument;
  }
  written = out;
  return at;
}

function printDecimal(at: usize, value: u32): usize {
  let digits: usize = 1;
  for (let rest = value; rest > 9; rest /= 10) digits++;
  let rest = value;
  for (let place = at + digits; place > at; rest /= 10) store<u8>(--place, zero + ((rest % 10) as u8));
  return at + digits;
}

/** Where it may be more than 32 bits, which take longer to divide. */
function printLong(at: usize, value: u64): usize {
  let digits: usize = 1;
  for (let rest = value; rest > 9; rest /= 10) digits++;
  let rest = value;
  for (let place = at + digits; place > at; rest /= 10) store<u8>(--place, zero + ((rest % 10) as u8));
  return at + digits;
}

/** Eight digits of four bits each, as text in the order of memory. */
function digitsOf(value: u32): u64 {
  let spread = value as u64;
  spread = ((spread & 0xffff) << 32) | (spread >> 16);
  spread = ((spread & 0x000000ff000000ff) << 16) | ((spread & 0x0000ff000000ff00) >> 8);
  spread = ((spread & 0x000f000f000f000f) << 8) | ((spread & 0x00f000f000f000f0) >> 4);
  // 0x27 more for a to f.
  const letters = ((spread + 0x0606060606060606) >> 4) & 0x0101010101010101;
  return spread + 0x3030303030303030 + letters * 0x27;
}

function printHexadecimal(at: usize, value: u64): usize {
  const bits = 64 - (clz(value | 1) as u32);
  const digits = (bits + 3) >> 2;
  // Digits that are zeros in front are shifted out.
  const high = digitsOf((value >> 32) as u32);
  const low = digitsOf(value as u32);
  if (digits > 8) {
    store<u64>(at, high >> (((16 - digits) << 3) as u64));
    store<u64>(at + ((digits - 8) as usize), low);
  } else {
    store<u64>(at, low >> (((8 - digits) << 3) as u64));
  }
  return at + (digits as usize);
}
