import { SortedAddresses } from "./sortedAddresses";

/** Addresses from `start` up to, not including, `end`. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface OwnedRange extends AddressRange {
  /** What the range belongs to: an index of the caller's, not negative. */
  readonly owner: number;
}

/**
 * Ranges that may lie in each other or overlap, cut where the innermost one changes, so that one search answers: the one that
 * starts last wins (of those with one start the shortest), and after its end the one around it goes on.
 */
export class AddressRanges {
  private readonly starts: SortedAddresses;

  /** @param start of the stretches, ascending; each holds up to the next one */
  constructor(
    readonly start: BigUint64Array,
    private readonly owners: Int32Array,
  ) {
    this.starts = new SortedAddresses(start);
  }

  static of(ranges: readonly OwnedRange[]): AddressRanges {
    const stretches = flatten([...ranges].filter(({ start, end }) => start < end).sort(byStartThenLength));
    return new AddressRanges(
      BigUint64Array.from(stretches, ({ start }) => start),
      Int32Array.from(stretches, ({ owner }) => owner),
    );
  }

  /** The columns that the constructor takes. */
  get columns(): { readonly start: BigUint64Array; readonly owner: Int32Array } {
    return { start: this.start, owner: this.owners };
  }

  /** The stretch with one owner around an address given as 32-bit halves, or null. */
  stretchAt(high: number, low: number): OwnedRange | null {
    const stretch = this.starts.lastNotAbove(high, low);
    if (stretch < 0 || this.owners[stretch] < 0 || stretch + 1 >= this.start.length) return null;
    return { start: this.start[stretch], end: this.start[stretch + 1], owner: this.owners[stretch] };
  }

  /** The owner of the innermost range around an address given as 32-bit halves, or -1. */
  ownerAt(high: number, low: number): number {
    const stretch = this.starts.lastNotAbove(high, low);
    return stretch < 0 ? -1 : this.owners[stretch];
  }
}

function byStartThenLength(a: AddressRange, b: AddressRange): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return a.end === b.end ? 0 : a.end > b.end ? -1 : 1;
}

interface Stretch {
  readonly start: bigint;
  /** -1 between ranges. */
  readonly owner: number;
}

function flatten(sorted: readonly OwnedRange[]): Stretch[] {
  const stretches: Stretch[] = [];
  const open: OwnedRange[] = [];
  const closeUntil = (limit: bigint | null) => {
    let top = open.at(-1);
    while (top !== undefined && (limit === null || top.end <= limit)) {
      const { end } = top;
      // Ranges around it may have ended before: only one that goes on owns what follows.
      do open.pop();
      while ((top = open.at(-1)) !== undefined && top.end <= end);
      if (end !== limit) stretches.push({ start: end, owner: top?.owner ?? -1 });
    }
  };
  for (const range of sorted) {
    closeUntil(range.start);
    if (stretches.at(-1)?.start === range.start) stretches.pop();
    stretches.push({ start: range.start, owner: range.owner });
    open.push(range);
  }
  closeUntil(null);
  return stretches;
}
