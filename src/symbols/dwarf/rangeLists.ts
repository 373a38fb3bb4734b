import type { ByteCursor } from "../cursor";
import { RangeEntry } from "./constants";
import { readOffset, type Encoding } from "./forms";
import type { IndexedTables } from "./indexedTables";

/** Where a DW_AT_ranges leads: an offset in the section, or (version 5) the number of a list. */
export interface RangesReference {
  readonly value: number;
  readonly isIndex: boolean;
}

/** What a unit's range lists depend on. */
export interface RangeContext extends Encoding {
  /** DW_AT_low_pc of the unit: what offsets in its lists count from. */
  readonly baseAddress: bigint;
  readonly addressBase: number;
  readonly rangeListsBase: number;
}

/**
 * Takes a range of addresses as a base and two offsets from it: most of a list has one base, and differences of addresses are
 * cheaper than addresses.
 */
export type AddRange = (base: bigint, start: number, end: number) => void;

/** Ranges that are read in all: entries may share lists, so that a small hostile file could ask for them for ever. */
const maximumRanges = 1 << 24;

/** .debug_ranges of versions 2 to 4 and .debug_rnglists of version 5 (DWARF 4, 2.17.3; DWARF 5, 7.25). */
export class RangeLists {
  private budget = maximumRanges;

  constructor(
    private readonly ranges: ByteCursor | undefined,
    private readonly rangeLists: ByteCursor | undefined,
    private readonly tables: IndexedTables,
  ) {}

  /** The ranges of a list; none when there is no such section. Throws BootscopeError "damaged". */
  read(reference: RangesReference, context: RangeContext, add: AddRange): void {
    const cursor = context.version >= 5 ? this.rangeLists : this.ranges;
    if (cursor === undefined) return;
    const offset = reference.isIndex ? this.offsetOf(cursor, reference.value, context) : reference.value;
    if (offset > cursor.bytes.length) throw cursor.damaged("a range list is outside", offset);
    cursor.position = offset;
    const addBounded: AddRange = (base, start, end) => {
      if (this.budget-- <= 0) throw cursor.damaged("there are too many ranges");
      if (start < end) add(base, start, end);
    };
    if (context.version >= 5) this.readVersion5(cursor, context, addBounded);
    else readVersion2(cursor, context, addBounded);
  }

  private offsetOf(cursor: ByteCursor, index: number, { rangeListsBase, offsetSize }: RangeContext): number {
    cursor.position = Math.min(rangeListsBase + index * offsetSize, cursor.bytes.length);
    return rangeListsBase + readOffset(cursor, offsetSize);
  }

  private readVersion5(cursor: ByteCursor, context: RangeContext, add: AddRange): void {
    const { addressSize } = context;
    let base = context.baseAddress;
    const address = () => cursor.unsigned(addressSize);
    const indexed = () => this.tables.address(context.addressBase, cursor.uleb(), addressSize) ?? 0n;
    for (;;) {
      const kind = cursor.u8();
      switch (kind) {
        case RangeEntry.end_of_list:
          return;
        case RangeEntry.base_addressx:
          base = indexed();
          break;
        case RangeEntry.base_address:
          base = address();
          break;
        case RangeEntry.startx_endx:
          addPair(indexed(), indexed(), add);
          break;
        case RangeEntry.startx_length:
          add(indexed(), 0, cursor.uleb());
          break;
        case RangeEntry.offset_pair:
          add(base, cursor.uleb(), cursor.uleb());
          break;
        case RangeEntry.start_end:
          addPair(address(), address(), add);
          break;
        case RangeEntry.start_length:
          add(address(), 0, cursor.uleb());
          break;
        default:
          throw cursor.damaged(`range list entry ${kind} is not known`, cursor.position - 1);
      }
    }
  }
}

const addPair = (start: bigint, end: bigint, add: AddRange) => add(start, 0, Number(end - start));

/** Pairs of addresses, ended by zeros; a first half of all ones sets the base. */
function readVersion2(cursor: ByteCursor, { addressSize, baseAddress }: RangeContext, add: AddRange): void {
  const allOnes = (1n << BigInt(addressSize * 8)) - 1n;
  let base = baseAddress;
  for (;;) {
    const start = cursor.unsigned(addressSize);
    const end = cursor.unsigned(addressSize);
    if (start === 0n && end === 0n) return;
    if (start === allOnes) base = end;
    else addPair(base + start, base + end, add);
  }
}
