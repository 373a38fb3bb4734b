import type { Abbreviation } from "./abbreviations";
import { Tag } from "./constants";
import { Wanted, type DieReader } from "./dieReader";
import type { RangeLists } from "./rangeLists";

/** The calls that were inlined into one function, each before those inlined into itself. Columns by instance. */
export interface InlineTree {
  /** The function itself, by its number in the image's `InlineNames`; -1 when the debug information has none. */
  readonly function: number;
  /** The instance that an instance is inlined into, or -1 for the function itself. */
  readonly parent: readonly number[];
  readonly callee: readonly number[];
  /** Where it is called: number in the image's file table (or `noFile`), and line. */
  readonly callFile: readonly number[];
  readonly callLine: readonly number[];
  readonly ranges: InstanceRanges;
}

/** The ranges of a tree's instances, as offsets from an address in the function. */
export interface InstanceRanges {
  readonly origin: bigint;
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly instance: readonly number[];
}

/** A unit whose entries are in memory, with what they refer to. */
export interface OpenUnit {
  readonly reader: DieReader;
  readonly lists: RangeLists;
  /** Number of the function of the entry at an offset of .debug_info, or -1. */
  functionAt(offset: number): number;
  /** Number in the image's file table of the unit's file, or `noFile`. */
  fileOf(number: number): number;
}

/** The largest functions of a kernel have some thousands. */
const maximumRanges = 1 << 16;
/** Inlined calls nest some dozens deep; what is deeper is left out. */
const maximumDepth = 512;

/** Reads the subprogram whose entry is at an offset. Throws BootscopeError "damaged". */
export function readInlineTree(unit: OpenUnit, offset: number): InlineTree {
  const { reader } = unit;
  const own = unit.functionAt(offset);
  const parent: number[] = [];
  const callee: number[] = [];
  const callFile: number[] = [];
  const callLine: number[] = [];
  const ranges = { start: [] as number[], end: [] as number[], instance: [] as number[] };

  reader.offset = offset;
  const root = reader.next();
  const origin = (root && originOf(reader, root, unit.lists)) ?? 0n;
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
      const attributes = reader.read(abbreviation, Wanted.Place);
      owner = parent.push(owner) - 1;
      callee.push(attributes.origin === null ? -1 : unit.functionAt(attributes.origin));
      callFile.push(unit.fileOf(attributes.callFile));
      callLine.push(attributes.callLine);
      reader.addressRanges(attributes, unit.lists, (base, start, end) => {
        const difference = Number(BigInt.asIntN(64, base - origin));
        ranges.start.push(difference + start);
        ranges.end.push(difference + end);
        ranges.instance.push(owner);
      });
      if (ranges.start.length > maximumRanges) return { ...noInlines, function: own };
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
  return { function: own, parent, callee, callFile, callLine, ranges: { origin, ...ranges } };
}

const noInlines: Omit<InlineTree, "function"> = {
  parent: [],
  callee: [],
  callFile: [],
  callLine: [],
  ranges: { origin: 0n, start: [], end: [], instance: [] },
};

/** An address of the function whose entry's head was just read: what its inlined calls are near to. */
function originOf(reader: DieReader, root: Abbreviation, lists: RangeLists): bigint | null {
  let origin: bigint | null = null;
  reader.addressRanges(reader.read(root, Wanted.Place), lists, (base, start) => (origin ??= base + BigInt(start)));
  return origin;
}

const isBlock = (tag: number) => tag === Tag.lexical_block || tag === Tag.try_block || tag === Tag.catch_block;
