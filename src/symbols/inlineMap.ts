import type { InlineTree } from "./dwarf/inlineTree";
import { flattenNested } from "./nestedRanges";
import { AddressHalves, SortedAddresses } from "./sortedAddresses";

/** A stretch of a function's code with the calls that were inlined into it; `tree` null: the debug information has no function. */
export interface InlineStretch {
  readonly start: bigint;
  readonly length: number;
  readonly tree: InlineTree | null;
}

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
  with(more: readonly InlineStretch[]): InlineMap {
    const added = new ColumnBuilder(this.columns.parent.length, this.columns.offset.length);
    const sorted = [...more].sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
    for (const stretch of sorted) added.add(stretch);
    return new InlineMap(merge(this.columns, added));
  }
}

/** Columns of new stretches, whose frames and places are numbered behind the known ones. */
class ColumnBuilder {
  readonly parent: number[] = [];
  readonly callee: number[] = [];
  readonly callFile: number[] = [];
  readonly callLine: number[] = [];
  readonly start: bigint[] = [];
  readonly length: number[] = [];
  readonly first: number[] = [];
  readonly end: number[] = [];
  readonly offset: number[] = [];
  readonly frame: number[] = [];

  constructor(
    private readonly knownFrames: number,
    private readonly knownPlaces: number,
  ) {}

  /** To be called in order of address. */
  add({ start, length, tree }: InlineStretch): void {
    const previousEnd = this.start.length === 0 ? 0n : this.start.at(-1)! + BigInt(this.length.at(-1)!);
    if (start < previousEnd) return;
    this.start.push(start);
    this.length.push(Math.min(length, 0xffffffff));
    this.first.push(this.knownPlaces + this.offset.length);
    if (tree !== null) this.addTree(start, length, tree);
    this.end.push(this.knownPlaces + this.offset.length);
  }

  private addTree(start: bigint, length: number, tree: InlineTree): void {
    const root = this.knownFrames + this.parent.length;
    this.parent.push(-1);
    this.callee.push(tree.function);
    this.callFile.push(0);
    this.callLine.push(0);
    tree.parent.forEach((parent, instance) => {
      this.parent.push(root + 1 + parent);
      this.callee.push(tree.callee[instance]);
      this.callFile.push(tree.callFile[instance]);
      this.callLine.push(tree.callLine[instance]);
    });
    const { ranges } = tree;
    const origin = Number(BigInt.asIntN(64, start - ranges.origin));
    this.offset.push(0);
    this.frame.push(root);
    const { offset, owner } = flattenNested(ranges.start, ranges.end, ranges.instance);
    offset.forEach((from, index) => {
      const at = Math.max(0, from - origin);
      if (at >= length) return;
      // What begins before the stretch counts from its start: the last of these is what holds there.
      if (at === 0) {
        this.offset.pop();
        this.frame.pop();
      }
      this.offset.push(at);
      this.frame.push(root + 1 + owner[index]);
    });
  }
}

function merge(known: InlineColumns, added: ColumnBuilder): InlineColumns {
  const order = mergeOrder(known.start, added.start);
  const knownCount = known.start.length;
  const pick = (column: Uint32Array, more: readonly number[]): Uint32Array =>
    Uint32Array.from(order, (index) => (index < knownCount ? column[index] : more[index - knownCount]));
  const append = <T extends Uint32Array | Int32Array>(to: T, column: T, more: readonly number[]): T => {
    to.set(column);
    to.set(more, column.length);
    return to;
  };
  const frames = known.parent.length + added.parent.length;
  const places = known.offset.length + added.offset.length;
  return {
    parent: append(new Int32Array(frames), known.parent, added.parent),
    callee: append(new Int32Array(frames), known.callee, added.callee),
    callFile: append(new Uint32Array(frames), known.callFile, added.callFile),
    callLine: append(new Uint32Array(frames), known.callLine, added.callLine),
    start: BigUint64Array.from(order, (index) =>
      index < knownCount ? known.start[index] : added.start[index - knownCount],
    ),
    length: pick(known.length, added.length),
    first: pick(known.first, added.first),
    end: pick(known.end, added.end),
    offset: append(new Uint32Array(places), known.offset, added.offset),
    frame: append(new Int32Array(places), known.frame, added.frame),
  };
}

/** Two ascending lists as one: indexes into the first and, behind its length, into the second. */
function mergeOrder(a: BigUint64Array, b: readonly bigint[]): Uint32Array {
  const order = new Uint32Array(a.length + b.length);
  let [left, right] = [0, 0];
  for (let at = 0; at < order.length; at++) {
    const isLeft = right >= b.length || (left < a.length && a[left] <= b[right]);
    order[at] = isLeft ? left++ : a.length + right++;
  }
  return order;
}
