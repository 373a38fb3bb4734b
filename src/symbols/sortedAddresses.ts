/** Offset of the low half of a 64-bit element among 32-bit ones, on this machine. */
const lowHalf = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/**
 * Addresses in ascending order that are searched by the hundred thousand: kept as 32-bit halves, because a bigint per
 * comparison costs more than the search.
 */
export class SortedAddresses {
  private readonly high: Uint32Array;
  private readonly low: Uint32Array;

  constructor(ascending: BigUint64Array) {
    const halves = new AddressHalves(ascending);
    this.high = new Uint32Array(ascending.length);
    this.low = new Uint32Array(ascending.length);
    for (let index = 0; index < ascending.length; index++) {
      this.high[index] = halves.high(index);
      this.low[index] = halves.low(index);
    }
  }

  /** Index of the last address that is not above the given one, or -1. */
  lastNotAbove(high: number, low: number): number {
    let from = 0;
    let to = this.high.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const isAbove = this.high[middle] > high || (this.high[middle] === high && this.low[middle] > low);
      if (isAbove) to = middle;
      else from = middle + 1;
    }
    return from - 1;
  }
}

/** A column of addresses seen as 32-bit halves, without a copy. */
export class AddressHalves {
  private readonly words: Uint32Array;

  constructor(addresses: BigUint64Array) {
    this.words = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2);
  }

  high(index: number): number {
    return this.words[index * 2 + 1 - lowHalf];
  }

  low(index: number): number {
    return this.words[index * 2 + lowHalf];
  }
}
