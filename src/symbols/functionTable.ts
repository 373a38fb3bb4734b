import { AddressRanges } from "./addressRanges";
import { findParents, sourceName } from "./functionPieces";
import type { FunctionSymbol } from "./functionSymbols";
import { hasColumns, isBetween } from "./imageStore";
import { AddressHalves } from "./sortedAddresses";
import type { FunctionTable } from "./types";

/** The columns of a table of functions, as they are kept on disk. */
export interface FunctionColumns {
  readonly address: BigUint64Array;
  readonly size: Uint32Array;
  readonly parent: Int32Array;
  readonly names: readonly string[];
  /** The innermost function from each of these addresses on, or -1. */
  readonly rangeStart: BigUint64Array;
  readonly rangeOwner: Int32Array;
}

/** Functions sorted by address, and the search for the one that contains an address. */
export class SearchableFunctions implements FunctionTable {
  readonly count: number;
  readonly address: BigUint64Array;
  readonly size: Uint32Array;
  readonly parent: Int32Array;
  private readonly ranges: AddressRanges;

  constructor(readonly columns: FunctionColumns) {
    ({ address: this.address, size: this.size, parent: this.parent } = columns);
    this.count = this.address.length;
    this.ranges = new AddressRanges(columns.rangeStart, columns.rangeOwner);
  }

  /** @param symbols in ascending order, one per address */
  static of(symbols: readonly FunctionSymbol[]): SearchableFunctions {
    const functions = dropInnerLabels(symbols);
    const address = BigUint64Array.from(functions, (symbol) => symbol.address);
    const size = Uint32Array.from(functions, (_, index) => extent(functions, index));
    const ranges = AddressRanges.of(address, size).columns;
    return new SearchableFunctions({
      address,
      size,
      parent: findParents(functions),
      names: functions.map(({ name }) => name),
      rangeStart: ranges.start,
      rangeOwner: ranges.owner,
    });
  }

  name(index: number): string {
    return this.columns.names[index];
  }

  sourceName(index: number): string {
    return sourceName(this.name(index));
  }

  /** The innermost function that contains each address, or -1. */
  lookupMany(addresses: BigUint64Array): Int32Array {
    const halves = new AddressHalves(addresses);
    const found = new Int32Array(addresses.length);
    for (let index = 0; index < addresses.length; index++) {
      found[index] = this.ranges.ownerAt(halves.high(index), halves.low(index));
    }
    return found;
  }
}

/** Labels without a size inside a function with one are places in it, not functions. */
function dropInnerLabels(symbols: readonly FunctionSymbol[]): FunctionSymbol[] {
  let end = 0n;
  return symbols.filter(({ address, size }) => {
    if (size === 0) return address >= end;
    const own = address + BigInt(size);
    if (own > end) end = own;
    return true;
  });
}

/** A function's size in bytes; a label without one extends to the next function or the end of its section. */
function extent(functions: readonly FunctionSymbol[], index: number): number {
  const { address, size, limit } = functions[index];
  if (size > 0) return Math.min(size, 0xffffffff);
  const next = functions.at(index + 1)?.address ?? limit;
  return Math.min(Number((next < limit ? next : limit) - address), 0xffffffff);
}

const kinds = {
  address: BigUint64Array,
  size: Uint32Array,
  parent: Int32Array,
  names: Array,
  rangeStart: BigUint64Array,
  rangeOwner: Int32Array,
};

/** The columns of a table that were kept, when they make sense. */
export function keptFunctions(value: unknown): FunctionColumns | null {
  if (!hasColumns(value, kinds)) return null;
  const kept = value as unknown as FunctionColumns;
  const { length } = kept.address;
  const isSound =
    kept.size.length === length &&
    kept.parent.length === length &&
    kept.names.length === length &&
    kept.rangeOwner.length === kept.rangeStart.length &&
    isBetween(kept.rangeOwner, -1, length) &&
    isBetween(kept.parent, 0, length);
  return isSound ? kept : null;
}
