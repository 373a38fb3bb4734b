import type { ByteCursor } from "../cursor";
import { readSignedOffset, type CodeSpace } from "../codeSpace";
import { RangeEntry } from "./constants";
import { readOffset, type Encoding } from "./forms";
import type { IndexedTables } from "./indexedTables";

/** What a unit's range lists depend on. */
export interface RangeContext extends Encoding {
  /** DW_AT_low_pc of the unit, as a distance: what offsets in its lists count from. */
  readonly base: number;
  readonly addressBase: number;
  readonly rangeListsBase: number;
}

/** Takes a range of code as distances in the image's `CodeSpace`. */
export type AddRange = (start: number, end: number) => void;

/** Ranges that are read in all: entries may share lists, so that a small hostile file could ask for them for ever. */
const maximumRanges = 1 << 24;

/** .debug_ranges of versions 2 to 4 and .debug_rnglists of version 5 (DWARF 4, 2.17.3; DWARF 5, 7.25). */
export class RangeLists {
  private budget = maximumRanges;

  constructor(
    private readonly ranges: ByteCursor | undefined,
    private readonly rangeLists: ByteCursor | undefined,
    private readonly tables: IndexedTables,
    private readonly code: CodeSpace,
  ) {}

  /**
   * The ranges of a list; none when there is no such section. Throws BootscopeError "damaged".
   * @param list an offset in the section, or with `isIndex` (version 5) the number of a list
   */
  read(list: number, isIndex: boolean, context: RangeContext, add: AddRange): void {
    const cursor = context.version >= 5 ? this.rangeLists : this.ranges;
    if (cursor === undefined) return;
    const offset = isIndex ? this.offsetOf(cursor, list, context) : list;
    if (offset > cursor.bytes.length) throw cursor.damaged("a range list is outside", offset);
    cursor.position = offset;
    if (context.version >= 5) this.readVersion5(cursor, context, add);
    else this.readVersion2(cursor, context, add);
  }

  private offsetOf(cursor: ByteCursor, index: number, { rangeListsBase, offsetSize }: RangeContext): number {
    cursor.position = Math.min(rangeListsBase + index * offsetSize, cursor.bytes.length);
    return rangeListsBase + readOffset(cursor, offsetSize);
  }

  private readVersion5(cursor: ByteCursor, { addressSize, addressBase, base: unitBase }: RangeContext, add: AddRange) {
    let base = unitBase;
    for (;;) {
      this.spend(cursor);
      const kind = cursor.u8();
      switch (kind) {
        case RangeEntry.end_of_list:
          return;
        case RangeEntry.base_addressx:
          base = this.indexed(cursor, addressBase, addressSize);
          break;
        case RangeEntry.base_address:
          base = this.code.read(cursor, addressSize);
          break;
        case RangeEntry.offset_pair: {
          const start = base + cursor.uleb();
          addRange(start, base + cursor.uleb(), add);
          break;
        }
        case RangeEntry.startx_endx: {
          const start = this.indexed(cursor, addressBase, addressSize);
          addRange(start, this.indexed(cursor, addressBase, addressSize), add);
          break;
        }
        case RangeEntry.startx_length: {
          const start = this.indexed(cursor, addressBase, addressSize);
          addRange(start, start + cursor.uleb(), add);
          break;
        }
        case RangeEntry.start_end: {
          const start = this.code.read(cursor, addressSize);
          addRange(start, this.code.read(cursor, addressSize), add);
          break;
        }
        case RangeEntry.start_length: {
          const start = this.code.read(cursor, addressSize);
          addRange(start, start + cursor.uleb(), add);
          break;
        }
        default:
          throw cursor.damaged(`range list entry ${kind} is not known`, cursor.position - 1);
      }
    }
  }

  /** Pairs of addresses, ended by zeros; a first half of all ones sets the base. */
  private readVersion2(cursor: ByteCursor, { addressSize, base: unitBase }: RangeContext, add: AddRange): void {
    const allOnes = addressSize === 8 ? -1 : 2 ** (addressSize * 8) - 1;
    let base = unitBase;
    for (;;) {
      this.spend(cursor);
      const start = readSignedOffset(cursor, addressSize);
      if (start === allOnes) {
        base = this.code.read(cursor, addressSize);
        continue;
      }
      const end = readSignedOffset(cursor, addressSize);
      if (start === 0 && end === 0) return;
      addRange(base + start, base + end, add);
    }
  }

  private indexed(cursor: ByteCursor, addressBase: number, addressSize: number): number {
    return this.tables.address(addressBase, cursor.uleb(), addressSize, this.code) ?? this.code.distance(0, 0);
  }

  private spend(cursor: ByteCursor): void {
    if (this.budget-- <= 0) throw cursor.damaged("there are too many ranges");
  }
}

function addRange(start: number, end: number, add: AddRange): void {
  if (start < end) add(start, end);
}
