import { AddressRanges, type OwnedRange } from "../addressRanges";
import { Tag } from "./constants";
import type { DieReader } from "./dieReader";
import type { RangeLists } from "./rangeLists";

/** The calls that were inlined into one function, each before those inlined into itself. Columns by instance. */
export interface InlineTree {
  /** Name of the function itself; -1 when the debug information has none. */
  readonly functionName: number;
  /** The instance that an instance is inlined into, or -1 for the function itself. */
  readonly parent: readonly number[];
  readonly name: readonly number[];
  /** Where it is called: number in the image's file table (or `noFile`), and line. */
  readonly callFile: readonly number[];
  readonly callLine: readonly number[];
  /** The innermost instance around an address. */
  readonly ranges: AddressRanges;
}

/** A unit whose entries are in memory, with what they refer to. */
export interface OpenUnit {
  readonly reader: DieReader;
  readonly lists: RangeLists;
  /** Number of the name of the entry at an offset of .debug_info, or -1. */
  nameOf(offset: number): number;
  /** Number in the image's file table of the unit's file, or `noFile`. */
  fileOf(number: number): number;
}

/** Inlined calls nest some dozens deep; what is deeper is left out. */
const maximumDepth = 512;

/** Reads the subprogram whose entry is at an offset. Throws BootscopeError "damaged". */
export function readInlineTree(unit: OpenUnit, offset: number): InlineTree {
  const { reader } = unit;
  const functionName = unit.nameOf(offset);
  const parent: number[] = [];
  const name: number[] = [];
  const callFile: number[] = [];
  const callLine: number[] = [];
  const ranges: OwnedRange[] = [];

  reader.offset = offset;
  const root = reader.next();
  if (root !== null) reader.skip(root);
  // The instance that each open level of entries belongs to.
  const levels = root?.hasChildren === true ? [-1] : [];
  while (levels.length > 0 && !reader.isAtEnd) {
    const abbreviation = reader.next();
    if (abbreviation === null) {
      levels.pop();
      continue;
    }
    let owner = levels[levels.length - 1];
    if (abbreviation.tag === Tag.inlined_subroutine) {
      const attributes = reader.read(abbreviation);
      const end = reader.offset;
      owner = parent.push(owner) - 1;
      name.push(attributes.origin === null ? -1 : unit.nameOf(attributes.origin));
      callFile.push(unit.fileOf(attributes.callFile));
      callLine.push(attributes.callLine);
      for (const range of reader.addressRanges(attributes, unit.lists)) ranges.push({ ...range, owner });
      reader.offset = end;
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
  return { functionName, parent, name, callFile, callLine, ranges: new AddressRanges(ranges) };
}

const isBlock = (tag: number) => tag === Tag.lexical_block || tag === Tag.try_block || tag === Tag.catch_block;
