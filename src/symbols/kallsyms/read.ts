import { findKallsyms, nameAt, type KallsymsTables } from "./tables";

/** A symbol of the kernel's own table. */
export interface KernelSymbol {
  readonly address: bigint;
  /** nm's letter, e.g. "t": local code. */
  readonly kind: string;
  readonly name: string;
}

/**
 * The symbols that a 64-bit little-endian kernel carries for itself, in the order of its table; null when there are none.
 * @param bytes the kernel's read-only data as it is linked
 * @param isKernel whether an address can be one of the kernel: it tells where the addresses stand and how they are written
 */
export function readKallsyms(bytes: Uint8Array, isKernel: (address: bigint) => boolean): KernelSymbol[] | null {
  const tables = findKallsyms(bytes);
  return tables === null ? null : readSymbolsAt(bytes, tables, isKernel);
}

/** As `readKallsyms`, when it is known where the tables are. */
export function readSymbolsAt(bytes: Uint8Array, tables: KallsymsTables, isKernel: IsKernel): KernelSymbol[] | null {
  const addresses = addressesBefore(bytes, tables, isKernel) ?? addressesBehind(bytes, tables, isKernel);
  if (addresses === null) return null;
  const { count, names, tokens } = tables;
  const symbols: KernelSymbol[] = [];
  let at = names;
  for (let index = 0; index < count; index++) {
    const { length, start } = nameAt(bytes, at);
    let text = "";
    for (let token = start; token < start + length; token++) text += tokens[bytes[token]];
    symbols.push({ address: addresses[index], kind: text.slice(0, 1), name: text.slice(1) });
    at = start + length;
  }
  return symbols;
}

/** Before 6.4: offsets, the address that they count from, then the number of symbols, each aligned to eight bytes. */
function addressesBefore(bytes: Uint8Array, tables: KallsymsTables, isKernel: IsKernel) {
  const [baseAt] = baseOffsets(tables);
  return relativeAddresses(bytes, align(baseAt - 4 * tables.count - 4), baseAt, tables.count, isKernel);
}

/** Since 6.4: behind the tokens. */
function addressesBehind(bytes: Uint8Array, tables: KallsymsTables, isKernel: IsKernel) {
  const [, baseAt] = baseOffsets(tables);
  return relativeAddresses(bytes, align(tables.end), baseAt, tables.count, isKernel);
}

/** Where the address that symbols count from can be: before 6.4, and since. */
export const baseOffsets = ({ countAt, count, end }: KallsymsTables): readonly [number, number] => [
  countAt - 8,
  align(align(end) + 4 * count),
];

type IsKernel = (address: bigint) => boolean;

const align = (offset: number): number => Math.ceil(offset / 8) * 8;

/**
 * Offsets of 32 bits from a base. With CONFIG_KALLSYMS_ABSOLUTE_PERCPU those not negative are addresses themselves, and the
 * others count down from one below the base (kallsyms_sym_address in kernel/kallsyms.c).
 */
function relativeAddresses(
  bytes: Uint8Array,
  start: number,
  baseAt: number,
  count: number,
  isKernel: IsKernel,
): BigUint64Array | null {
  if (start < 0 || baseAt + 8 > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const base = view.getBigUint64(baseAt, true);
  if (!isKernel(base)) return null;
  const offsets = Int32Array.from({ length: count }, (_, index) => view.getInt32(start + 4 * index, true));
  const hasAbsolutes = offsets.some((offset) => offset < 0);
  const addresses = BigUint64Array.from(offsets, (offset) => {
    if (!hasAbsolutes) return BigInt.asUintN(64, base + BigInt(offset >>> 0));
    return offset < 0 ? BigInt.asUintN(64, base - 1n - BigInt(offset)) : BigInt(offset);
  });
  // The table is sorted by address: anything else was no table.
  return addresses.every((address, index) => index === 0 || address >= addresses[index - 1]) ? addresses : null;
}
