import { AddressHalves, SortedAddresses } from "./sortedAddresses";

/**
 * Ranges that may lie in each other or overlap, cut where the innermost one changes, so that one search answers: the one that
 * starts last wins, and after its end the one around it goes on.
 */
export class AddressRanges {
  private readonly starts: SortedAddresses;

  /** @param start of the stretches, ascending; each holds up to the next one. An owner of -1: none */
  constructor(
    private readonly start: BigUint64Array,
    private readonly owner: Int32Array,
  ) {
    this.starts = new SortedAddresses(start);
  }

  /** @param start ascending, each once; its index is the owner. @param size bytes; empty ranges do not count */
  static of(start: BigUint64Array, size: Uint32Array): AddressRanges {
    const stretches = flatten(start, size);
    return new AddressRanges(BigUint64Array.from(stretches.start), Int32Array.from(stretches.owner));
  }

  /** The columns that the constructor takes. */
  get columns(): { readonly start: BigUint64Array; readonly owner: Int32Array } {
    const { start, owner } = this;
    return { start, owner };
  }

  /** The owner of the innermost range around an address given as 32-bit halves, or -1. */
  ownerAt(high: number, low: number): number {
    const stretch = this.starts.lastNotAbove(high, low);
    return stretch < 0 ? -1 : this.owner[stretch];
  }
}

interface Stretches {
  readonly start: bigint[];
  readonly owner: number[];
}

/** A range's end may be equal to or above 2^64: as a range's start and size, whose differences are exact where it matters. */
function flatten(start: BigUint64Array, size: Uint32Array): Stretches {
  const halves = new AddressHalves(start);
  const stretches: Stretches = { start: [], owner: [] };
  const open: number[] = [];
  /** Bytes from the start of one range to that of another; exact up to 2^53, which no size reaches. */
  const between = (from: number, to: number) =>
    (halves.high(to) - halves.high(from)) * 2 ** 32 + (halves.low(to) - halves.low(from));
  const endsBy = (range: number, other: number, behind: number) => size[range] <= between(range, other) + behind;
  /** Ends the ranges that end before another one begins; with null, all. */
  const closeUntil = (next: number | null): void => {
    let top = open.at(-1);
    while (top !== undefined && (next === null || endsBy(top, next, 0))) {
      const closed = top;
      // Ranges around it may have ended before: only one that goes on owns what follows.
      do open.pop();
      while ((top = open.at(-1)) !== undefined && endsBy(top, closed, size[closed]));
      if (next !== null && between(closed, next) === size[closed]) continue;
      stretches.start.push(start[closed] + BigInt(size[closed]));
      stretches.owner.push(top ?? -1);
    }
  };
  for (let range = 0; range < start.length; range++) {
    if (size[range] === 0) continue;
    closeUntil(range);
    stretches.start.push(start[range]);
    stretches.owner.push(range);
    open.push(range);
  }
  closeUntil(null);
  return stretches;
}
