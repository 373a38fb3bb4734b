import { NestedRanges, RangeColumns } from "../nestedRanges";
import { Tag } from "./constants";
import { Wanted } from "./attributes";
import type { InlineStretches } from "../inlineStretches";
import { readInlineTree, type OpenUnit } from "./inlineTree";

/** Languages whose functions are never inside of types: nothing is missed when types are skipped (DW_LANG_C and assembler). */
const plainLanguages = new Set([0x0001, 0x0002, 0x000c, 0x001d, 0x002c, 0x8001]);

/** The functions of one compilation unit: where they are is read at once, what was inlined into them when it is asked for. */
export class InlineUnit {
  private readonly functions: NestedRanges;
  private readonly offsets: readonly number[];

  /** Throws BootscopeError "damaged". */
  constructor({ reader, lists, code }: OpenUnit) {
    const ranges = new RangeColumns();
    const offsets: number[] = [];
    const root = reader.readRoot();
    const descend = plainLanguages.has(root?.language ?? 0) ? plainContainers : allContainers;
    const addRange = (start: number, end: number) => {
      if (code.isCode(start)) ranges.add(start, end, offsets.length);
    };
    let depth = 1;
    while (root !== null && depth > 0 && !reader.isAtEnd) {
      const offset = reader.offset;
      const abbreviation = reader.next();
      if (abbreviation === null) {
        depth--;
      } else if (abbreviation.tag === Tag.subprogram && abbreviation.hasCode) {
        const before = ranges.count;
        reader.addressRanges(reader.read(abbreviation, Wanted.Place), lists, addRange);
        if (ranges.count > before) offsets.push(offset);
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
    this.functions = new NestedRanges(ranges);
    this.offsets = offsets;
  }

  /** The number of the stretch of a function's code around a distance, or -1 when the unit has none there. */
  stretchAt(distance: number): number {
    return this.functions.stretchAt(distance);
  }

  /** Adds a stretch of code with what was inlined into its function. Throws BootscopeError "damaged", with the stretch open. */
  read(stretch: number, unit: OpenUnit, into: InlineStretches): void {
    const start = this.functions.start(stretch);
    const length = this.functions.end(stretch) - start;
    into.open(start, length);
    readInlineTree(unit, this.offsets[this.functions.ownerOf(stretch)], start, length, into);
    into.close();
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
