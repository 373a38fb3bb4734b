import type { CodeSpace } from "../codeSpace";
import type { InlineStretches } from "../inlineStretches";
import { flattenNested, RangeColumns } from "../nestedRanges";
import { Tag } from "./constants";
import { Wanted } from "./attributes";
import type { DieReader } from "./dieReader";
import type { RangeLists } from "./rangeLists";

/** A unit whose entries are in memory, with what they refer to. */
export interface OpenUnit {
  readonly reader: DieReader;
  readonly lists: RangeLists;
  readonly code: CodeSpace;
  /** Number of the function of the entry at an offset of .debug_info, or -1. */
  functionAt(offset: number): number;
  /** Number in the image's file table of the unit's file, or `noFile`. */
  fileOf(number: number): number;
}

/** The largest functions of a kernel have some thousands. */
const maximumRanges = 1 << 16;
/** Inlined calls nest some dozens deep; what is deeper is left out. */
const maximumDepth = 512;

/**
 * Adds the function whose entry is at an offset, and the calls that were inlined into it, to the open stretch.
 * Throws BootscopeError "damaged".
 * @param start, length of the stretch of the function's code
 */
export function readInlineTree(
  unit: OpenUnit,
  offset: number,
  start: number,
  length: number,
  into: InlineStretches,
): void {
  const root = into.addFrame(-1, unit.functionAt(offset), 0, 0);
  into.addPlace(0, root);
  const ranges = new RangeColumns();
  if (readInstances(unit, offset, root, ranges, into)) {
    flattenNested(ranges, (from, owner) => {
      // What begins before the stretch counts from its start: the last of these is what holds there.
      const at = Math.max(0, from - start);
      if (at < length) into.addPlace(at, owner < 0 ? root : owner);
    });
  } else {
    into.dropFrames(root + 1);
  }
}

/** Adds a frame for each inlined call, and its ranges, which belong to the frame. False when there are too many. */
function readInstances(
  unit: OpenUnit,
  offset: number,
  root: number,
  ranges: RangeColumns,
  into: InlineStretches,
): boolean {
  const { reader, lists } = unit;
  reader.offset = offset;
  const head = reader.next();
  if (head === null || !head.hasChildren) return true;
  reader.skip(head);
  let owner = root;
  const addRange = (start: number, end: number): void => ranges.add(start, end, owner);
  // The frame that each open level of entries belongs to.
  const levels = [root];
  while (levels.length > 0 && !reader.isAtEnd) {
    const abbreviation = reader.next();
    if (abbreviation === null) {
      levels.pop();
      continue;
    }
    owner = levels[levels.length - 1];
    if (abbreviation.tag === Tag.inlined_subroutine) {
      const attributes = reader.read(abbreviation, Wanted.Place);
      const { origin, callFile, callLine } = attributes;
      const parent = owner;
      owner = into.parent.length;
      // Before the name is looked up, which reads other entries.
      reader.addressRanges(attributes, lists, addRange);
      into.addFrame(parent, origin < 0 ? -1 : unit.functionAt(origin), unit.fileOf(callFile), callLine);
      if (ranges.count > maximumRanges) return false;
    } else if (isBlock(abbreviation.tag)) {
      reader.skip(abbreviation);
    } else {
      reader.skipTree(abbreviation);
      continue;
    }
    if (!abbreviation.hasChildren) continue;
    if (levels.length < maximumDepth) levels.push(owner);
    else reader.skipChildren();
  }
  return true;
}

const isBlock = (tag: number) => tag === Tag.lexical_block || tag === Tag.try_block || tag === Tag.catch_block;
