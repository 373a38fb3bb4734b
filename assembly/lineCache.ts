/**
 * Remembers log lines by their text. A block's lines are mostly the same each time that it runs: comparing them is quicker than
 * reading them. A line that begins with the bytes of an entry says what the entry says.
 */

@unmanaged
export class CachedLine {
  /** Bytes of the line that are told apart; 0: the entry is free. */
  length: u32;
  /** As the template that the line was read by. */
  kind: u32;
  slot: u32;
  key: i32;
  /** Of the address, as the table of addresses gives it. */
  number: u32;
  /** Whether chaining was on: one of the states below. */
  chaining: u32;
  unused: u64;
}

export const chainingUnknown: u32 = 0;
export const chainingOff: u32 = 1;
export const chainingOn: u32 = 2;

const textAt: usize = 32;
const entryBytes: usize = 128;
/** Shortest and longest text that has a place. */
const shortest: u32 = 16;
const longest: u32 = 96;
const entryBits: u64 = 13;

let entries: usize = 0;

/** Makes an empty cache at `at`, of 1 MiB. */
export function placeCache(at: usize): void {
  entries = at;
  memory.fill(at, 0, entryBytes << (entryBits as usize));
}

/** Where a line is, or would be, that has these eight bytes where lines of its kind differ. */
export function entryOf(differing: u64): CachedLine {
  const index = (differing * 0x9e3779b97f4a7c15) >> (64 - entryBits);
  return changetype<CachedLine>(entries + (index as usize) * entryBytes);
}

/** Whether the line at `at` begins with the `length` bytes of the entry, which has as many. */
export function isText(entry: CachedLine, at: usize, length: u32): bool {
  const text = changetype<usize>(entry) + textAt;
  const last = (length as usize) - 16;
  let differences = v128.xor(v128.load(at + last), v128.load(text + last));
  for (let offset: usize = 0; offset < last; offset += 16) {
    differences = v128.or(differences, v128.xor(v128.load(at + offset), v128.load(text + offset)));
  }
  return !v128.any_true(differences);
}

/** Makes the entry one of the line at `at`, of which `length` bytes say everything. Answers false if they have no place in it. */
export function setText(entry: CachedLine, at: usize, length: u32): bool {
  if (length < shortest || length > longest) return false;
  entry.length = length;
  memory.copy(changetype<usize>(entry) + textAt, at, length as usize);
  return true;
}
