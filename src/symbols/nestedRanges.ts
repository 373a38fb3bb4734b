/** Ranges as columns, in any order. Empty ones do not count. */
export class RangeColumns {
  readonly start: number[] = [];
  readonly end: number[] = [];
  readonly owner: number[] = [];

  get count(): number {
    return this.start.length;
  }

  add(start: number, end: number, owner: number): void {
    this.start.push(start);
    this.end.push(end);
    this.owner.push(owner);
  }

  clear(): void {
    this.start.length = this.end.length = this.owner.length = 0;
  }
}

/** Takes where the innermost of nested ranges changes: from `offset` on it is `owner`, -1 for none. Ascending. */
export type AddStretch = (offset: number, owner: number) => void;

/**
 * Cuts ranges that lie in each other where the innermost one changes. Of ranges that overlap otherwise the one that starts last
 * wins, of those with one start the shortest, of equal ones the last; after its end the one around it goes on.
 */
export function flattenNested({ start, end, owner }: RangeColumns, add: AddStretch): void {
  const order: number[] = [];
  for (let range = 0; range < start.length; range++) if (start[range] < end[range]) order.push(range);
  order.sort((a, b) => start[a] - start[b] || end[b] - end[a] || a - b);
  const open: number[] = [];
  // The last stretch, until one at another place follows.
  let at = NaN;
  let last = -1;
  const put = (offset: number, range: number | undefined): void => {
    if (offset !== at && !Number.isNaN(at)) add(at, last);
    at = offset;
    last = range === undefined ? -1 : owner[range];
  };
  const closeUntil = (limit: number): void => {
    let top = open.at(-1);
    while (top !== undefined && end[top] <= limit) {
      const closed = end[top];
      // Ranges around it may have ended before: only one that goes on owns what follows.
      do open.pop();
      while ((top = open.at(-1)) !== undefined && end[top] <= closed);
      put(closed, top);
    }
  };
  for (const range of order) {
    closeUntil(start[range]);
    put(start[range], range);
    open.push(range);
  }
  closeUntil(Infinity);
  if (!Number.isNaN(at)) add(at, last);
}

/** Ranges cut by `flattenNested`, to be searched. */
export class NestedRanges {
  private readonly offset: number[] = [];
  private readonly owner: number[] = [];

  constructor(ranges: RangeColumns) {
    flattenNested(ranges, (offset, owner) => {
      this.offset.push(offset);
      this.owner.push(owner);
    });
  }

  /** The number of the stretch with one owner around an offset, or -1. */
  stretchAt(offset: number): number {
    let from = 0;
    let to = this.offset.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.offset[middle] > offset) to = middle;
      else from = middle + 1;
    }
    // The last one has no end, and no owner.
    return from === 0 || from === this.offset.length || this.owner[from - 1] < 0 ? -1 : from - 1;
  }

  /** The owner of the innermost range around an offset, or -1. */
  ownerAt(offset: number): number {
    const stretch = this.stretchAt(offset);
    return stretch < 0 ? -1 : this.owner[stretch];
  }

  start(stretch: number): number {
    return this.offset[stretch];
  }

  end(stretch: number): number {
    return this.offset[stretch + 1];
  }

  ownerOf(stretch: number): number {
    return this.owner[stretch];
  }
}
