/**
 * Reads log lines that are laid out like one seen before: in a log, nearly all are.
 *
 * A template (src/trace/import/lineTemplate.ts makes them) says of each byte at a line's beginning whether it is fixed, a
 * hexadecimal digit, or anything; a line is compared with it 16 bytes at a time. A line that agrees with no template is left to
 * the parser in TypeScript, which defines what lines mean.
 *
 * Memory is laid out by src/trace/import/logScanner.ts. Behind every text lie 256 bytes of zeros.
 */

import { numberOf } from "./addressTable";
import { skipOtherLines } from "./otherLines";
import { CachedLine, chainingOff, chainingOn, chainingUnknown, entryOf, isText, setText } from "./lineCache";

export { addressCount, makeTable } from "./addressTable";
export { placeCache } from "./lineCache";

/** Kinds of templates. */
const trace: u32 = 0;
const exit: u32 = 2; // 1 is exec_tb

/** Slot of a row that withdraws the block announced last if it has the row's key: logSlot.withdrawKey. */
const withdrawKeySlot: u32 = 1;
/** A block was left because of a pending interrupt before it began (TB_EXIT_REQUESTED). */
const exitRequested: u64 = 3;
/** CF_NO_GOTO_TB, in the digit of CFLAGS that has it. */
const noGotoTbDigit: u32 = 2;
const lineFeed: u32 = 0x0a;
const carriageReturn: u32 = 0x0d;

/** What a template says besides its bytes. Offsets count from the line's start; 0 means that the line has no such field. */
@unmanaged
class Template {
  kind: u32;
  /** 16-byte groups to compare. */
  groups: u32;
  /** Bytes up to what the kind reads itself. */
  length: u32;
  /** The program counter's digits, or those of an exit's flags. */
  digitsAt: u32;
  /** How many, or 0: until the line's end. */
  digits: u32;
  /** The digit of CFLAGS with CF_NO_GOTO_TB. */
  cflagsAt: u32;
  /** Where the block's host address ends. */
  keyEnd: u32;
  /** Decimals of the time stamp, and how many. */
  fractionAt: u32;
  fractionDigits: u32;
  slot: u32;
  /** Nanoseconds that the stamp has without its decimals. */
  seconds: f64;
  /** One tenth of a second is 1e8: nanoseconds of the last decimal. */
  lastDecimal: f64;
}
/** Rows that follow one another and have the same slot, but for those that withdraw: each of them is a run. */
@unmanaged
class Run {
  slot: u32;
  /** Number of the row after it. */
  end: u32;
  /** Of its last row. */
  key: i32;
}
const runBytes: usize = 12;

/** Behind the fields: for each group its bytes, then masks of the fixed ones and of the hexadecimal digits. */
const groupsAt: usize = 64;
const groupBytes: usize = 48;

// Where things are: set by `placeTemplates` and `begin`.
let templates: usize = 0;
let templateBytes: usize = 0;
let blockColumn: usize = 0;
/** 0: rows have no times. */
let timeColumn: usize = 0;
let runColumn: usize = 0;

// What was found so far: read and reset by TypeScript.
export let templateCount: u32 = 0;
export let rows: u32 = 0;
export let runs: u32 = 0;
export let chained: u32 = 0;
export let unchained: u32 = 0;
export let unknown: u32 = 0;

let current: usize = 0;

export function placeTemplates(at: usize, bytes: usize, count: u32): void {
  templates = at;
  templateBytes = bytes;
  templateCount = count;
  current = at;
}

/** Begins a text's rows in these columns. */
export function begin(block: usize, time: usize, run: usize): void {
  blockColumn = block;
  timeColumn = time;
  runColumn = run;
  rows = 0;
  runs = 0;
  chained = 0;
  unchained = 0;
  unknown = 0;
}

/** Adds a row for a line that was read elsewhere. Answers false, and does nothing, when its address is one too many. */
export function addRow(low: u32, high: u32, slot: u32, key: i32, time: f64): bool {
  const number = numberOf(((high as u64) << 32) | (low as u64));
  if (number == 0) return false;
  putRow(number, slot, key, time);
  return true;
}

/** Adds a row that has no address. */
export function addKeyRow(key: i32): void {
  putRow(1, withdrawKeySlot, key, NaN);
}

function putRow(number: u32, slot: u32, key: i32, time: f64): void {
  const row = rows as usize;
  store<u32>(blockColumn + (row << 2), number - 1);
  if (timeColumn != 0) store<f64>(timeColumn + (row << 3), time);
  rows++;
  let run = changetype<Run>(runColumn + ((runs as usize) - 1) * runBytes);
  if (runs == 0 || run.slot != slot || slot == withdrawKeySlot) {
    run = changetype<Run>(runColumn + (runs as usize) * runBytes);
    run.slot = slot;
    runs++;
  }
  run.end = rows;
  run.key = key;
}

/**
 * Reads lines from `at` on. Answers where the first begins that agrees with no template, is cut by `end`, or has a new address
 * while the table is full; else `end`.
 */
export function readLines(start: usize, end: usize): usize {
  if (templateCount == 0) return skipOtherLines(start, end);
  let at = start;
  let template = changetype<Template>(current);
  // Lines follow each other faster when the next one's start does not wait for this one's length to be found.
  let usualLength: u32 = 0;
  while (at < end) {
    const differsAt = (template.keyEnd != 0 ? template.keyEnd : template.digitsAt + template.digits) - 8;
    const cached = entryOf(load<u64>(at + (differsAt as usize)));
    if (cached.length != usualLength) usualLength = cached.length;
    if (usualLength != 0 && isText(cached, at, usualLength)) {
      const next = lineAfter(cached.kind, at + (usualLength as usize), end);
      if (next < end) {
        putRow(cached.number, cached.slot, cached.key, NaN);
        if (cached.kind == trace) countChaining(cached.chaining);
        at = next + 1;
        continue;
      }
    }
    if (!agrees(template, at)) {
      const next = skipOtherLines(at, end);
      if (next != at) {
        at = next;
        continue;
      }
      template = find(template, at);
      if (changetype<usize>(template) == 0) return at;
    }
    const digitsAt = at + (template.digitsAt as usize);
    const text = v128.load(digitsAt);
    let digits = template.digits;
    let length = template.length;
    if (digits == 0) {
      digits = ctz(~(i8x16.bitmask(hexadecimal(text)) as u32) | 0x10000);
      if (digits == 0) return at;
      length = template.digitsAt + digits;
    }
    const after = lineAfter(template.kind, at + (length as usize), end);
    if (after >= end) return at;
    let time: f64 = NaN;
    if (template.fractionAt != 0) {
      const fraction = decimals(at + (template.fractionAt as usize), template.fractionDigits);
      if (fraction < 0) return at;
      time = template.seconds + (fraction as f64) * template.lastDecimal;
    }
    const value = valueOf(text, digits);
    let key: i32 = 0;
    if (template.keyEnd != 0) {
      const keyEnd = at + (template.keyEnd as usize);
      key = (bswap(load<u32>(keyEnd - 4)) ^ (bswap(load<u32>(keyEnd - 8)) * 0x9e3779b1)) as i32;
    }
    if (template.kind == exit) {
      if ((value & 3) == exitRequested) addKeyRow(key);
    } else {
      const number = numberOf(value);
      if (number == 0) return at;
      putRow(number, template.slot, key, time);
      let chaining = chainingUnknown;
      if (template.kind == trace) {
        if (template.cflagsAt != 0) {
          chaining = hasNoGotoTb(load<u8>(at + (template.cflagsAt as usize))) ? chainingOff : chainingOn;
        }
        countChaining(chaining);
      }
      if (template.fractionAt == 0) remember(template, at, length, key, number, chaining);
    }
    at = after + 1;
  }
  return at;
}

/** Puts a line into the cache that was read by this template and has no time. */
function remember(template: Template, at: usize, length: u32, key: i32, number: u32, chaining: u32): void {
  const differsAt = (template.keyEnd != 0 ? template.keyEnd : template.digitsAt + template.digits) - 8;
  const entry = entryOf(load<u64>(at + (differsAt as usize)));
  if (!setText(entry, at, length)) return;
  entry.kind = template.kind;
  entry.slot = template.slot;
  entry.key = key;
  entry.number = number;
  entry.chaining = chaining;
}

/**
 * Position of the line feed that ends a line, of which everything before `at` was read; `end` if it is not before that, or if
 * something stands there that does not belong to a line of this kind.
 */
function lineAfter(kind: u32, at: usize, end: usize): usize {
  if (kind == trace) return load<u16>(at) == 0x0a20 ? at + 1 : lineEnd(at, end);
  if (load<u8>(at) == carriageReturn) at++;
  return load<u8>(at) == lineFeed ? at : end;
}

function countChaining(chaining: u32): void {
  if (chaining == chainingOff) unchained++;
  else if (chaining == chainingOn) chained++;
  else unknown++;
}

/** Whether the line begins as the template says. */
function agrees(template: Template, at: usize): bool {
  const groups = template.groups as usize;
  let group = changetype<usize>(template) + groupsAt;
  let differences = i64x2.splat(0);
  for (const last = group + groups * groupBytes; group < last; group += groupBytes, at += 16) {
    const text = v128.load(at);
    const fixed = v128.and(v128.xor(text, v128.load(group)), v128.load(group, 16));
    const others = v128.andnot(v128.load(group, 32), hexadecimal(text));
    differences = v128.or(differences, v128.or(fixed, others));
  }
  return !v128.any_true(differences);
}

/** Another template that the line agrees with, or null. */
function find(last: Template, at: usize): Template {
  // Lines of several processors take turns: the next one is the likeliest.
  const end = templates + (templateCount as usize) * templateBytes;
  let pointer = changetype<usize>(last);
  for (let left = templateCount; left > 0; left--) {
    pointer += templateBytes;
    if (pointer >= end) pointer = templates;
    if (agrees(changetype<Template>(pointer), at)) {
      current = pointer;
      return changetype<Template>(pointer);
    }
  }
  return changetype<Template>(0);
}

/** For each byte all ones if it is a hexadecimal digit. */
function hexadecimal(text: v128): v128 {
  const digit = i8x16.lt_u(i8x16.sub(text, i8x16.splat(0x30)), i8x16.splat(10));
  const lower = v128.or(text, i8x16.splat(0x20));
  const letter = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(6));
  return v128.or(digit, letter);
}

/** Value of the first `digits` (1 to 16) hexadecimal digits. */
function valueOf(text: v128, digits: u32): u64 {
  // Last digit first; what is taken from before the first digit is zero.
  const from = i8x16.sub(i8x16.splat((digits - 1) as i8), i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const reversed = v128.swizzle(text, from);
  const isLetter = v128.and(i8x16.shr_u(reversed, 6), i8x16.splat(1));
  const low = v128.and(reversed, i8x16.splat(0x0f));
  const nibbles = i8x16.add(low, i8x16.add(isLetter, i8x16.shl(isLetter, 3)));
  // Pairs of digits: the first is the lower one.
  const bytes = v128.or(v128.and(nibbles, i16x8.splat(0x000f)), v128.and(i16x8.shr_u(nibbles, 4), i16x8.splat(0x00f0)));
  return i64x2.extract_lane(i8x16.narrow_i16x8_u(bytes, bytes), 0) as u64;
}

/** Value of decimal digits, or -1 when they are none. */
function decimals(at: usize, digits: u32): i64 {
  let value: i64 = 0;
  for (const end = at + (digits as usize); at < end; at++) {
    const digit = (load<u8>(at) as u32) - 0x30;
    if (digit > 9) return -1;
    value = value * 10 + (digit as i64);
  }
  return value;
}

function hasNoGotoTb(digit: u32): bool {
  const value = (digit & 0x0f) + (digit >> 6) * 9;
  return (value & noGotoTbDigit) != 0;
}

/** Position of the line feed at or behind `at`, or `end`. */
function lineEnd(at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(lineFeed as i8)));
    if (found != 0) {
      const position = at + (ctz(found as u32) as usize);
      return position < end ? position : end;
    }
  }
  return end;
}
