/** 64-bit integers as unsigned LEB128, from and into 32-bit halves: no value goes through a double. */

export const mostVarint64Bytes = 10;

/** Writes `high * 2^32 + low` (each taken as unsigned 32 bits) at `at`; answers the position after it. */
export function writeVarint64(bytes: Uint8Array, at: number, low: number, high: number): number {
  while (high !== 0 || low >>> 0 > 0x7f) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = (low >>> 7) | (high << 25);
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/** Reads one at a time; the value is in its fields until the next. */
export class Varint64Reader {
  /** Unsigned 32 bits each. */
  low = 0;
  high = 0;

  /** Reads the varint at `at`; answers the position after it, or -1 when it does not end before `end` or within ten bytes. */
  read(bytes: Uint8Array, at: number, end: number): number {
    let byte = at < end ? bytes[at] : 0x80;
    if (byte < 0x80) {
      this.low = byte;
      this.high = 0;
      return at + 1;
    }
    let low = 0;
    let high = 0;
    const limit = Math.min(end, at + mostVarint64Bytes);
    for (let shift = 0; at < limit; shift += 7) {
      byte = bytes[at++];
      const group = byte & 0x7f;
      if (shift < 32) low |= group << shift;
      if (shift >= 32) high |= group << (shift - 32);
      else if (shift > 25) high |= group >>> (32 - shift);
      if (byte >= 0x80) continue;
      this.low = low >>> 0;
      this.high = high >>> 0;
      return at;
    }
    return -1;
  }

  /** Undoes the zigzag: 0, -1, 1, -2 … were written as 0, 1, 2, 3 … The halves are then those of two's complement. */
  unzigzag(): void {
    const sign = -(this.low & 1);
    const low = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    this.high = ((this.high >>> 1) ^ sign) >>> 0;
    this.low = low >>> 0;
  }

  /** The value takes more than 32 bits. */
  isWide(): boolean {
    return this.high !== 0;
  }

  unsigned(): bigint {
    return this.high === 0 ? BigInt(this.low) : (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  signed(): bigint {
    return BigInt.asIntN(64, this.unsigned());
  }
}

/** Writes a two's complement value so that small negative ones are short; see `unzigzag`. */
export function writeZigzag64(bytes: Uint8Array, at: number, low: number, high: number): number {
  const sign = high >> 31;
  return writeVarint64(bytes, at, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}
