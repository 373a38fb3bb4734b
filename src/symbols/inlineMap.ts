import type { CodeSpace } from "./codeSpace";
import type { InlineStretches } from "./inlineStretches";
import { AddressHalves, SortedAddresses } from "./sortedAddresses";

/**
 * The columns of an `InlineMap`, as they are kept on disk.
 *
 * Frames are numbered; a frame's `parent` is the one it is inlined into, -1 for a function itself. Stretches are in order of
 * address and do not overlap; from `offset[i]` bytes behind its start the innermost frame is `frame[i]`, -1 for none.
 */
export interface InlineColumns {
  readonly parent: Int32Array;
  /** Number of the function in the image's `InlineNames`, or -1. */
  readonly callee: Int32Array;
  /** Number in the image's file table, or `noFile`, and line of the call. */
  readonly callFile: Uint32Array;
  readonly callLine: Uint32Array;
  readonly start: BigUint64Array;
  readonly length: Uint32Array;
  /** Stretch s owns the places from `first[s]` to `end[s]`. */
  readonly first: Uint32Array;
  readonly end: Uint32Array;
  readonly offset: Uint32Array;
  readonly frame: Int32Array;
}

/** The innermost frame at each address of the code that was asked for so far. Immutable: `with` makes one that knows more. */
export class InlineMap {
  static readonly empty = new InlineMap({
    parent: new Int32Array(0),
    callee: new Int32Array(0),
    callFile: new Uint32Array(0),
    callLine: new Uint32Array(0),
    start: new BigUint64Array(0),
    length: new Uint32Array(0),
    first: new Uint32Array(0),
    end: new Uint32Array(0),
    offset: new Uint32Array(0),
    frame: new Int32Array(0),
  });
  private readonly starts: SortedAddresses;
  private readonly startHalves: AddressHalves;

  constructor(readonly columns: InlineColumns) {
    this.starts = new SortedAddresses(columns.start);
    this.startHalves = new AddressHalves(columns.start);
  }

  /** The innermost frame at each address: -1 where the debug information has no function, -2 where it was not asked for. */
  lookupMany(addresses: BigUint64Array): Int32Array {
    const halves = new AddressHalves(addresses);
    const { length, first, end, offset, frame } = this.columns;
    const found = new Int32Array(addresses.length).fill(-2);
    for (let index = 0; index < addresses.length; index++) {
      const [high, low] = [halves.high(index), halves.low(index)];
      const stretch = this.starts.lastNotAbove(high, low);
      if (stretch < 0) continue;
      // A stretch is shorter than 2^32 bytes: the difference is exact, or the address is not inside.
      const { startHalves } = this;
      const distance = (high - startHalves.high(stretch)) * 2 ** 32 + (low - startHalves.low(stretch));
      if (distance >= length[stretch]) continue;
      let from = first[stretch];
      let to = end[stretch];
      while (to - from > 1) {
        const middle = (from + to) >>> 1;
        if (offset[middle] > distance) to = middle;
        else from = middle;
      }
      found[index] = from < to ? frame[from] : -1;
    }
    return found;
  }

  /** This map and more stretches. Of those that overlap, what comes first covers. */
  with(more: InlineStretches, code: Pick<CodeSpace, "address">): InlineMap {
    const order = withoutOverlaps(more);
    const start = BigUint64Array.from(order, (stretch) => code.address(more.start[stretch]));
    return new InlineMap(merge(this.columns, more, order, start));
  }
}

/** Numbers of the stretches in ascending order, without those that begin inside of one before. */
function withoutOverlaps({ start, length }: InlineStretches): number[] {
  const lengths = length.unsigned;
  const order = Array.from(start.keys()).sort((a, b) => start[a] - start[b] || a - b);
  let end = -Infinity;
  return order.filter((stretch) => {
    if (start[stretch] < end) return false;
    end = start[stretch] + lengths[stretch];
    return true;
  });
}

/** The known columns and behind them the new ones, whose frames and places are then counted behind the known ones. */
function merge(
  known: InlineColumns,
  more: InlineStretches,
  order: readonly number[],
  moreStart: BigUint64Array,
): InlineColumns {
  const frames = known.parent.length;
  const places = known.offset.length;
  const merged = mergeOrder(known.start, moreStart);
  const knownCount = known.start.length;
  const pick = (column: Uint32Array, added: Uint32Array, shift: number): Uint32Array =>
    Uint32Array.from(merged, (index) =>
      index < knownCount ? column[index] : added[order[index - knownCount]] + shift,
    );
  const behind = (frame: number): number => (frame < 0 ? frame : frame + frames);
  return {
    parent: append(Int32Array, known.parent, more.parent.signed.map(behind)),
    callee: append(Int32Array, known.callee, more.callee.signed),
    callFile: append(Uint32Array, known.callFile, more.callFile.unsigned),
    callLine: append(Uint32Array, known.callLine, more.callLine.unsigned),
    start: BigUint64Array.from(merged, (index) =>
      index < knownCount ? known.start[index] : moreStart[index - knownCount],
    ),
    length: pick(known.length, more.length.unsigned, 0),
    first: pick(known.first, more.first.unsigned, places),
    end: pick(known.end, more.end.unsigned, places),
    offset: append(Uint32Array, known.offset, more.offset.unsigned),
    frame: append(Int32Array, known.frame, more.frame.signed.map(behind)),
  };
}

function append<T extends Int32Array | Uint32Array>(kind: new (length: number) => T, column: T, more: T): T {
  const whole = new kind(column.length + more.length);
  whole.set(column);
  whole.set(more, column.length);
  return whole;
}

/** Two ascending columns as one: indexes into the first and, behind its length, into the second. */
function mergeOrder(a: BigUint64Array, b: BigUint64Array): Uint32Array {
  const order = new Uint32Array(a.length + b.length);
  let [left, right] = [0, 0];
  for (let at = 0; at < order.length; at++) {
    const isLeft = right >= b.length || (left < a.length && a[left] <= b[right]);
    order[at] = isLeft ? left++ : a.length + right++;
  }
  return order;
}
