import { BootscopeError } from "../../protocol/failure";
import type { ByteCursor } from "../cursor";
import { NestedRanges, RangeColumns } from "../nestedRanges";
import { readAddressSets } from "./addressSets";
import type { DebugInfo } from "./debugInfo";
import type { InfoUnit } from "./infoUnit";

/**
 * Which unit an address is in. .debug_aranges tells it without a look at the units; where it tells nothing (clang writes none),
 * the root entries of the units that are not in it do, which are read when the first address needs them.
 */
export class UnitIndex {
  /** Offsets of the units in .debug_aranges: what the ranges' owners count. */
  private readonly listedOffsets: number[] = [];
  private readonly listedRanges: NestedRanges;
  private readonly listedUnits: (InfoUnit | null)[] = [];
  private all: readonly InfoUnit[] | undefined;
  private otherRanges: NestedRanges | undefined;

  /** @param sets .debug_aranges, if there is one */
  constructor(
    private readonly info: DebugInfo,
    sets: ByteCursor | undefined,
  ) {
    const numbers = new Map<number, number>();
    const ranges = new RangeColumns();
    for (const { unitOffset, start, end } of sets === undefined ? [] : readAddressSets(sets, info.code)) {
      if (!info.code.isCode(start)) continue;
      let owner = numbers.get(unitOffset);
      if (owner === undefined) numbers.set(unitOffset, (owner = this.listedOffsets.push(unitOffset) - 1));
      ranges.add(start, end, owner);
    }
    this.listedRanges = new NestedRanges(ranges);
  }

  /** The unit that holds the code at a distance in the image's `CodeSpace`, or null. */
  unitAt(distance: number): InfoUnit | null {
    const listed = this.listedRanges.ownerAt(distance);
    const unit = listed < 0 ? null : this.listedUnit(listed);
    if (unit !== null) return unit;
    this.otherRanges ??= this.readOtherRanges();
    const other = this.otherRanges.ownerAt(distance);
    return other < 0 ? null : this.units[other];
  }

  /** The unit that holds an offset of .debug_info, or null. */
  unitOf(offset: number): InfoUnit | null {
    const { units } = this;
    let from = 0;
    let to = units.length;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (units[middle].offset > offset) to = middle;
      else from = middle;
    }
    const unit = units.at(from);
    return unit === undefined || offset < unit.offset || offset >= unit.end ? null : unit;
  }

  private get units(): readonly InfoUnit[] {
    return (this.all ??= [...this.info.units()]);
  }

  private listedUnit(number: number): InfoUnit | null {
    return (this.listedUnits[number] ??= this.info.unitAt(this.listedOffsets[number]));
  }

  /** The addresses of the units that .debug_aranges does not have; owners count `units`. */
  private readOtherRanges(): NestedRanges {
    const listed = new Set(this.listedOffsets);
    const ranges = new RangeColumns();
    this.units.forEach((unit, owner) => {
      if (!listed.has(unit.offset)) this.readRanges(unit, owner, ranges);
    });
    return new NestedRanges(ranges);
  }

  /** The addresses of a unit's code. A unit that cannot be read has none: its addresses keep the names of the symbol table. */
  private readRanges(unit: InfoUnit, owner: number, ranges: RangeColumns): void {
    try {
      const reader = this.info.readRoot(unit);
      const root = reader.readRoot();
      if (root === null) return;
      reader.addressRanges(root, this.info.ranges, (start, end) => {
        if (this.info.code.isCode(start)) ranges.add(start, end, owner);
      });
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
    }
  }
}
