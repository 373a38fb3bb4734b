import { findParents } from "./functionPieces";
import type { FunctionSymbol } from "./functionSymbols";
import { AddressHalves, SortedAddresses } from "./sortedAddresses";
import type { FunctionTable } from "./types";

/** Functions sorted by address, and the search for the one that contains an address. */
export class SearchableFunctions implements FunctionTable {
  readonly count: number;
  readonly address: BigUint64Array;
  readonly size: Uint32Array;
  readonly parent: Int32Array;
  private readonly names: readonly string[];
  private readonly stretchStarts: SortedAddresses;
  private readonly stretchOwners: Int32Array;

  /** @param symbols in ascending order, one per address */
  constructor(symbols: readonly FunctionSymbol[]) {
    const functions = dropInnerLabels(symbols);
    this.count = functions.length;
    this.address = BigUint64Array.from(functions, ({ address }) => address);
    this.size = Uint32Array.from(functions, (_, index) => extent(functions, index));
    this.parent = findParents(functions);
    this.names = functions.map(({ name }) => name);
    const stretches = flatten(this.address, this.size);
    this.stretchStarts = new SortedAddresses(BigUint64Array.from(stretches, ({ start }) => start));
    this.stretchOwners = Int32Array.from(stretches, ({ owner }) => owner);
  }

  name(index: number): string {
    return this.names[index];
  }

  /** The innermost function that contains each address, or -1. */
  lookupMany(addresses: BigUint64Array): Int32Array {
    const halves = new AddressHalves(addresses);
    const found = new Int32Array(addresses.length);
    for (let index = 0; index < addresses.length; index++) {
      const stretch = this.stretchStarts.lastNotAbove(halves.high(index), halves.low(index));
      found[index] = stretch < 0 ? -1 : this.stretchOwners[stretch];
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

interface Stretch {
  readonly start: bigint;
  /** Function index, or -1 between functions. */
  readonly owner: number;
}

/**
 * Cuts the address space where its innermost function changes, so that one search answers even where functions lie in each
 * other (assembly entry code): the one that starts last wins, and after its end the one around it goes on.
 */
function flatten(address: BigUint64Array, size: Uint32Array): Stretch[] {
  const stretches: Stretch[] = [];
  const open: { index: number; end: bigint }[] = [];
  const closeUntil = (limit: bigint | null) => {
    let top = open.at(-1);
    while (top !== undefined && (limit === null || top.end <= limit)) {
      const { end } = top;
      // Functions around it may have ended before: only one that goes on owns what follows.
      do open.pop();
      while ((top = open.at(-1)) !== undefined && top.end <= end);
      if (end !== limit) stretches.push({ start: end, owner: top?.index ?? -1 });
    }
  };
  for (let index = 0; index < address.length; index++) {
    const start = address[index];
    closeUntil(start);
    stretches.push({ start, owner: index });
    open.push({ index, end: start + BigInt(size[index]) });
  }
  closeUntil(null);
  return stretches;
}
