import { AddressRanges, type OwnedRange } from "../addressRanges";
import type { IsCode } from "../codeSections";
import { Tag } from "./constants";
import { Wanted } from "./dieReader";
import { readInlineTree, type InlineTree, type OpenUnit } from "./inlineTree";

/** Languages whose functions are never inside of types: nothing is missed when types are skipped (DW_LANG_C and assembler). */
const plainLanguages = new Set([0x0001, 0x0002, 0x000c, 0x001d, 0x002c, 0x8001]);

/** The functions of one compilation unit: where they are is read at once, what was inlined into them when it is asked for. */
export class InlineUnit {
  private readonly functions: AddressRanges;
  private readonly offsets: readonly number[];

  /** Throws BootscopeError "damaged". */
  constructor({ reader, lists }: OpenUnit, isCode: IsCode) {
    const ranges: OwnedRange[] = [];
    const offsets: number[] = [];
    const root = reader.readRoot();
    const descend = plainLanguages.has(root?.language ?? 0) ? plainContainers : allContainers;
    let depth = 1;
    while (root !== null && depth > 0 && !reader.isAtEnd) {
      const offset = reader.offset;
      const abbreviation = reader.next();
      if (abbreviation === null) {
        depth--;
      } else if (abbreviation.tag === Tag.subprogram && abbreviation.hasCode) {
        const owner = offsets.length;
        const ownFrom = ranges.length;
        reader.addressRanges(reader.read(abbreviation, Wanted.Place), lists, (base, start, end) => {
          const address = base + BigInt(start);
          if (isCode(address)) ranges.push({ start: address, end: base + BigInt(end), owner });
        });
        if (ranges.length > ownFrom) offsets.push(offset);
        // From its head again: a sibling attribute leads behind its children.
        reader.offset = offset;
        reader.next();
        reader.skipTree(abbreviation);
      } else if (abbreviation.hasChildren && descend.has(abbreviation.tag)) {
        reader.skip(abbreviation);
        depth++;
      } else {
        reader.skipTree(abbreviation);
      }
    }
    this.functions = AddressRanges.of(ranges);
    this.offsets = offsets;
  }

  /** The stretch of a function's code around an address given as halves, or null when the unit has none there. */
  functionAt(high: number, low: number): OwnedRange | null {
    return this.functions.stretchAt(high, low);
  }

  /** What was inlined into the function of a stretch, by its `owner`. Throws BootscopeError "damaged". */
  tree(owner: number, unit: OpenUnit): InlineTree {
    return readInlineTree(unit, this.offsets[owner]);
  }
}

const plainContainers: ReadonlySet<number> = new Set([Tag.namespace]);
const allContainers: ReadonlySet<number> = new Set([
  Tag.namespace,
  Tag.module,
  Tag.class_type,
  Tag.structure_type,
  Tag.union_type,
  Tag.enumeration_type,
]);
