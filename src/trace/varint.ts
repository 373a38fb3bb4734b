/** Unsigned LEB128 as execution records use it: seven bits a byte, low group first, at most ten bytes. */

export const maximumVarintBytes = 10;

/** Writes `value` (an integer from 0 to 2^53 - 1) at `at`; answers the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7fffffff) {
    bytes[at++] = (value % 128) | 0x80;
    value = Math.floor(value / 128);
  }
  while (value > 0x7f) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/**
 * Position after the varint at `at`, or -1 when it does not end before `end` or within ten bytes.
 * Split from `varintValue` so that neither has to answer two numbers in one object: this runs for every record.
 */
export function varintEnd(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + maximumVarintBytes);
  while (at < limit) if (bytes[at++] < 0x80) return at;
  return -1;
}

/** Value of the varint that lies in [at, end). Values of 2^53 and above come out rounded: callers bound them. */
export function varintValue(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let index = end - 1; index >= at; index--) value = value * 128 + (bytes[index] & 0x7f);
  return value;
}
