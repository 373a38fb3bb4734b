/**
 * Finds the symbol table that a kernel carries for itself (CONFIG_KALLSYMS). Nothing points to it from outside: it is told by what
 * its parts say of each other, as scripts/kallsyms.c of the kernel writes them.
 *
 * Names are compressed: each is a length and as many token numbers; a token stands for one or more characters. The first character
 * is nm's letter for the kind of the symbol. Markers are the offsets of every 256th name.
 */

/** Where the parts are, as offsets in the bytes they were searched in. */
export interface KallsymsTables {
  readonly count: number;
  /** Offset of the number of symbols, which stands before the names. */
  readonly countAt: number;
  readonly names: number;
  readonly tokens: readonly string[];
  /** Behind the table of token offsets, which ends the tables of names. */
  readonly end: number;
}

const tokenCount = 256;
const namesPerMarker = 256;
/** KSYM_NAME_LEN is 128 before 6.1 and 512 since; both bound the tokens of a name. */
const maximumNameBytes = 512;
/** A kernel with everything built in has some hundred thousand. */
const maximumSymbols = 1 << 21;
/** Names that are looked at in all, before bytes that only look like a table are given up. */
const maximumSteps = 1 << 26;
/** Tokens "0" to "9" stand for themselves: digits are used in names. They begin at token 48. */
const digits = Buffer.from(Array.from({ length: 10 }, (_, digit) => `${digit}\0`).join(""), "latin1");
const firstDigit = 48;

/** The tables in the read-only data of a little-endian kernel, or null. */
export function findKallsyms(bytes: Uint8Array): KallsymsTables | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = data.indexOf(digits); at >= 0; at = data.indexOf(digits, at + 1)) {
    const table = tokenTable(data, at);
    const found = table && nameTables(data, table);
    if (found !== null) return found;
  }
  return null;
}

interface TokenTable {
  readonly start: number;
  readonly end: number;
  readonly tokens: readonly string[];
}

/** The tokens around the digits at an offset, when the table of their offsets follows them. */
function tokenTable(data: Buffer, digitsAt: number): TokenTable | null {
  const end = skipStrings(data, digitsAt, tokenCount - firstDigit);
  if (end === null) return null;
  for (const alignment of [8, 4, 2]) {
    const index = Math.ceil(end / alignment) * alignment;
    if (index + 2 * tokenCount > data.length) return null;
    const start = digitsAt - data.readUInt16LE(index + 2 * firstDigit);
    if (start < 0 || data.readUInt16LE(index) !== 0) continue;
    const tokens = readTokens(data, start, index);
    if (tokens !== null) return { start, end: index + 2 * tokenCount, tokens };
  }
  return null;
}

function skipStrings(data: Buffer, from: number, count: number): number | null {
  let at = from;
  for (let left = count; left > 0; left--) {
    const zero = data.indexOf(0, at);
    if (zero < 0 || zero - at > maximumNameBytes) return null;
    at = zero + 1;
  }
  return at;
}

function readTokens(data: Buffer, start: number, index: number): string[] | null {
  const tokens: string[] = [];
  let at = start;
  for (let token = 0; token < tokenCount; token++) {
    if (data.readUInt16LE(index + 2 * token) !== at - start) return null;
    const zero = data.indexOf(0, at);
    if (zero < 0 || zero >= index) return null;
    tokens.push(data.toString("latin1", at, zero));
    at = zero + 1;
  }
  return tokens;
}

/**
 * Before the tokens stand the number of symbols, the names, the markers and, in newer kernels, an order of the names. A number is
 * that of the symbols when so many names follow it and markers that fit follow these.
 */
function nameTables(data: Buffer, { start, end, tokens }: TokenTable): KallsymsTables | null {
  let budget = maximumSteps;
  for (let countAt = (start - 8) & ~3; countAt >= 0 && budget > 0; countAt -= 4) {
    const count = data.readUInt32LE(countAt);
    // Each name takes at least two bytes.
    if (count < namesPerMarker || count > maximumSymbols || countAt + 2 * count > start) continue;
    for (const names of [countAt + 4, countAt + 8]) {
      const markers: number[] = [];
      const namesEnd = walkNames(data, names, Math.min(count, budget), start, markers);
      budget -= markers.length * namesPerMarker;
      if (namesEnd !== null && hasMarkers(data, namesEnd, markers)) return { count, countAt, names, tokens, end };
    }
  }
  return null;
}

/** Where names end; null when they do not before the limit. Adds the offset of every 256th name to `markers`. */
function walkNames(data: Buffer, names: number, count: number, limit: number, markers: number[]): number | null {
  let at = names;
  for (let symbol = 0; symbol < count; symbol++) {
    if (symbol % namesPerMarker === 0) markers.push(at - names);
    const { length, start } = nameAt(data, at);
    if (length === 0 || length > maximumNameBytes) return null;
    at = start + length;
    if (at > limit) return null;
  }
  return at;
}

/** Markers are of four bytes, before 4.20 of eight, and aligned. */
function hasMarkers(data: Buffer, namesEnd: number, markers: readonly number[]): boolean {
  return [4, 8].some((width) => {
    const at = Math.ceil(namesEnd / 8) * 8;
    if (at + markers.length * width > data.length) return false;
    return markers.every((marker, index) => {
      const found = at + index * width;
      return data.readUInt32LE(found) === marker && (width === 4 || data.readUInt32LE(found + 4) === 0);
    });
  });
}

/** The tokens of the name at an offset. Since 6.1 lengths above 127 take two bytes. */
export function nameAt(data: Uint8Array, at: number): { length: number; start: number } {
  const first = data[at] ?? 0;
  if (first < 0x80) return { length: first, start: at + 1 };
  return { length: (first & 0x7f) | ((data[at + 1] ?? 0) << 7), start: at + 2 };
}
