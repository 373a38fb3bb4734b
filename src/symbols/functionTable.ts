import { AddressRanges } from "./addressRanges";
import { findParents } from "./functionPieces";
import type { FunctionSymbol } from "./functionSymbols";
import { AddressHalves } from "./sortedAddresses";
import type { FunctionTable } from "./types";

/** Functions sorted by address, and the search for the one that contains an address. */
export class SearchableFunctions implements FunctionTable {
  readonly count: number;
  readonly address: BigUint64Array;
  readonly size: Uint32Array;
  readonly parent: Int32Array;
  private readonly names: readonly string[];
  private readonly ranges: AddressRanges;

  /** @param symbols in ascending order, one per address */
  constructor(symbols: readonly FunctionSymbol[]) {
    const functions = dropInnerLabels(symbols);
    this.count = functions.length;
    this.address = BigUint64Array.from(functions, ({ address }) => address);
    this.size = Uint32Array.from(functions, (_, index) => extent(functions, index));
    this.parent = findParents(functions);
    this.names = functions.map(({ name }) => name);
    this.ranges = new AddressRanges(
      functions.map(({ address }, owner) => ({ start: address, end: address + BigInt(this.size[owner]), owner })),
    );
  }

  name(index: number): string {
    return this.names[index];
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
