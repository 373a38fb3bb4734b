/** Where the innermost of nested ranges changes: from `offset[i]` on it is `owner[i]`, -1 for none. Ascending. */
export interface Stretches {
  readonly offset: number[];
  readonly owner: number[];
}

/**
 * Cuts ranges that lie in each other where the innermost one changes. Of ranges that overlap otherwise the one that starts last
 * wins, of those with one start the shortest, of equal ones the last; after its end the one around it goes on.
 * @param start, end, owner columns of equal length; empty ranges do not count
 */
export function flattenNested(start: readonly number[], end: readonly number[], owner: readonly number[]): Stretches {
  const order = Array.from(start.keys()).filter((index) => start[index] < end[index]);
  order.sort((a, b) => start[a] - start[b] || end[b] - end[a] || a - b);
  const stretches: Stretches = { offset: [], owner: [] };
  const open: number[] = [];
  const put = (offset: number, range: number | undefined): void => {
    if (stretches.offset.at(-1) === offset) {
      stretches.offset.pop();
      stretches.owner.pop();
    }
    stretches.offset.push(offset);
    stretches.owner.push(range === undefined ? -1 : owner[range]);
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
  return stretches;
}
