/**
 * Passes over log lines that tell of nothing: register dumps of `-d cpu`, the guest's console. What a line must have to tell of
 * something is defined in src/trace/import: `logLine.ts` (executions) and `logEventLines.ts` (events, interrupts, disassembly).
 * Here a line is passed over only if it has none of that for certain; any other is left to them.
 */

const lineFeed: i8 = 0x0a;
const space: u32 = 0x20;

/**
 * @param at where a line begins
 * @param end of the text; zeros for 256 bytes behind it
 * @returns where the first line begins that may tell of something or is cut by `end`; else `end`
 */
export function skipOtherLines(at: usize, end: usize): usize {
  while (at < end && !beginsTelling(at)) {
    const next = lineFeedWithoutMarker(at, end);
    if (next == 0) break;
    at = next + 1;
  }
  return at;
}

/**
 * Position of the line feed that ends a line; 0 if it is not before `end`, or if a marker of an execution may stand before it
 * (`Trace `, `Chain `, `Stopped …`, `exec_tb`): told by two of its letters.
 */
function lineFeedWithoutMarker(at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const text = v128.load(at);
    const next = v128.load(at, 1);
    const markers = v128.or(
      v128.or(pair(text, next, 0x54, 0x72), pair(text, next, 0x43, 0x68)), // Tr, Ch
      v128.or(pair(text, next, 0x53, 0x74), pair(text, next, 0x5f, 0x74)), // St, _t
    );
    const ends = i8x16.bitmask(i8x16.eq(text, i8x16.splat(lineFeed))) as u32;
    if (ends == 0) {
      if (v128.any_true(markers)) return 0;
      continue;
    }
    const length = ctz(ends);
    if (((i8x16.bitmask(markers) as u32) & ((1 << length) - 1)) != 0) return 0;
    return at + (length as usize);
  }
  return 0;
}

/** For each byte all ones where these two bytes follow one another. */
function pair(text: v128, next: v128, first: i8, second: i8): v128 {
  return v128.and(i8x16.eq(text, i8x16.splat(first)), i8x16.eq(next, i8x16.splat(second)));
}

/** Whether a line begins with a stamp, or as what tells of an event. */
function beginsTelling(at: usize): bool {
  let first = load<u8>(at) as u32;
  if (first == space) {
    // `-d int` numbers interrupts: spaces, digits and a colon.
    while (first == space) first = load<u8>(++at);
    return isDigit(first) || first == 0x3a;
  }
  if (isDigit(first) || first == 0x2e || first == 0x40) return true; // `.` goes on with an interrupt, `@` ends a thread
  if (isTellingWord(load<u32>(at))) return true;
  const text = v128.load(at);
  const name = ctz(~(i8x16.bitmask(nameBytes(text)) as u32) | 0x10000);
  const underscores = i8x16.bitmask(i8x16.eq(text, i8x16.splat(0x5f))) as u32;
  // Names of events have an underscore; a longer one than this may have it further on.
  return name == 16 || (underscores & ((1 << name) - 1)) != 0;
}

function isDigit(byte: u32): bool {
  return byte - 0x30 <= 9;
}

/** `Link`ing, `IN:` and OBJD of disassembly, and what `-d int` writes (events/interruptLines.ts). */
function isTellingWord(word: u32): bool {
  const words = i32x4.splat(word as i32);
  const some = i32x4(0x6b6e694c, 0x444a424f, 0x76726553, 0x3a4d4d53); // Link OBJD Serv SMM:
  const others = i32x4(0x63656863, 0x696b6154, 0x65637845, 0x63724141); // chec Taki Exce AArc
  if (v128.any_true(v128.or(i32x4.eq(words, some), i32x4.eq(words, others)))) return true;
  return word == 0x63736972 || (word & 0xffffff) == 0x3a4e49; // risc, IN:
}

/** For each byte all ones if it may stand in a name: a letter, a digit or an underscore. */
function nameBytes(text: v128): v128 {
  const digit = i8x16.lt_u(i8x16.sub(text, i8x16.splat(0x30)), i8x16.splat(10));
  const letter = i8x16.lt_u(i8x16.sub(v128.or(text, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  return v128.or(v128.or(digit, letter), i8x16.eq(text, i8x16.splat(0x5f)));
}
