import { setImmediate as nextTurn } from "node:timers/promises";
import { BootscopeError } from "../../protocol/failure";
import { AddressRanges, type OwnedRange } from "../addressRanges";
import { codeTest, type IsCode } from "../codeSections";
import { ByteCursor } from "../cursor";
import type { ElfFile } from "../elf/elfFile";
import { AddressHalves } from "../sortedAddresses";
import { readAddressSets } from "./addressSets";
import { DebugInfo, type InfoUnit } from "./debugInfo";
import type { Attributes } from "./dieReader";
import { InlineNames } from "./inlineNames";
import { instanceAt, type InlineTree, type OpenUnit } from "./inlineTree";
import { InlineUnit } from "./inlineUnit";
import { FileTable, noFile, UnitFiles } from "./lineFiles";
import { readLineHeader, readLineUnit } from "./lineHeader";
import { Problems } from "./problems";
import { StringReader } from "./strings";

/** How long units are read before others get a turn. */
const sliceMilliseconds = 12;

/** An address in a function of the debug information. */
export interface InlinePlace {
  readonly tree: InlineTree;
  /** The innermost inlined call around the address, or -1 when it is the function's own code. */
  readonly instance: number;
}

/** The inlined calls of an image. Units are read when an address of theirs is asked for, and stay. */
export class InlineTable {
  readonly problems = new Problems();
  readonly names: InlineNames;
  private readonly loaded: (InlineUnit | null | undefined)[] = [];

  private constructor(
    private readonly info: DebugInfo,
    private readonly units: readonly InfoUnit[],
    private readonly unitRanges: AddressRanges,
    private readonly lineSection: ByteCursor,
    private readonly isCode: IsCode,
    readonly files: FileTable,
  ) {
    this.names = new InlineNames(units, (unit) => this.openUnit(unit));
  }

  /**
   * Reads where the units of an image are. Null when it has no debug information.
   * @param files the line table's, which keep their numbers
   */
  static async open(file: ElfFile, files: readonly string[]): Promise<InlineTable | null> {
    const empty = new Uint8Array(0);
    const read = async (name: string) => (await file.cursor(name))?.bytes ?? empty;
    const lineSection = new ByteCursor(await read(".debug_line"), file.header.littleEndian, ".debug_line");
    const [str, line_str] = [await read(".debug_str"), await read(".debug_line_str")];
    const strings = new StringReader({ inline: lineSection.bytes, str, line_str });
    const info = await DebugInfo.open(file, strings);
    if (info === null) return null;
    const units = [...info.units()];
    const isCode = codeTest(file);
    const sets = await file.cursor(".debug_aranges");
    const ranges = allUnitRanges(info, units, sets).filter(({ start }) => isCode(start));
    return new InlineTable(info, units, new AddressRanges(ranges), lineSection, isCode, new FileTable(files));
  }

  /** Where each address is; null for one without a function. Rejects with AbortError when the signal fires. */
  async find(addresses: BigUint64Array, signal?: AbortSignal): Promise<(InlinePlace | null)[]> {
    const places = new Array<InlinePlace | null>(addresses.length).fill(null);
    let turnEnd = performance.now() + sliceMilliseconds;
    for (const [unit, indexes] of this.byUnit(addresses)) {
      if (performance.now() >= turnEnd) {
        await nextTurn();
        signal?.throwIfAborted();
        turnEnd = performance.now() + sliceMilliseconds;
      }
      this.findInUnit(unit, indexes, addresses, places);
    }
    return places;
  }

  private byUnit(addresses: BigUint64Array): Map<number, number[]> {
    const halves = new AddressHalves(addresses);
    const byUnit = new Map<number, number[]>();
    for (let index = 0; index < addresses.length; index++) {
      const unit = this.unitRanges.ownerAt(halves.high(index), halves.low(index));
      if (unit < 0) continue;
      const indexes = byUnit.get(unit);
      if (indexes === undefined) byUnit.set(unit, [index]);
      else indexes.push(index);
    }
    return byUnit;
  }

  private findInUnit(
    number: number,
    indexes: readonly number[],
    addresses: BigUint64Array,
    places: (InlinePlace | null)[],
  ): void {
    const halves = new AddressHalves(addresses);
    let opened: OpenUnit | undefined;
    const open = () => (opened ??= this.openUnit(this.units[number]));
    try {
      const unit = this.unit(number, open);
      if (unit === null) return;
      for (const index of indexes) {
        const high = halves.high(index);
        const low = halves.low(index);
        const tree = unit.treeAt(high, low, open);
        if (tree !== null) places[index] = { tree, instance: instanceAt(tree, addresses[index]) };
      }
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      // What is damaged is not read again; addresses found before the damage keep their places.
      this.loaded[number] = null;
      this.problems.add(error.message);
    }
  }

  private unit(number: number, open: () => OpenUnit): InlineUnit | null {
    const known = this.loaded[number];
    if (known !== undefined) return known;
    return (this.loaded[number] = new InlineUnit(open(), this.isCode));
  }

  /** Reads a unit's entries. They are some ten kilobytes to a megabyte, so what is found in them is kept and they are not. */
  private openUnit(unit: InfoUnit): OpenUnit {
    const reader = this.info.read(unit);
    const root = reader.readRoot();
    const files = root && this.unitFiles(root);
    const opened: OpenUnit = {
      reader,
      lists: this.info.ranges,
      functionAt: (offset) => this.names.at(offset, opened),
      fileOf: (file) => files?.resolve(file) ?? noFile,
    };
    return opened;
  }

  /** The file numbers of the unit's line table, which call sites use too. */
  private unitFiles({ lineTable, compilationDirectory }: Attributes): UnitFiles | null {
    if (lineTable === null) return null;
    const { unit } = readLineUnit(this.lineSection, lineTable);
    const header = readLineHeader(this.lineSection, unit);
    return new UnitFiles(header, this.info.strings, this.files, compilationDirectory);
  }
}

/** The addresses of all units: as their root entries say, else as .debug_aranges does. */
function allUnitRanges(info: DebugInfo, units: readonly InfoUnit[], sets: ByteCursor | undefined): OwnedRange[] {
  const ranges: OwnedRange[] = [];
  const silent = new Map<number, number>();
  units.forEach((unit, owner) => {
    const own = unitRanges(info, unit, owner);
    if (own.length === 0) silent.set(unit.offset, owner);
    for (const range of own) ranges.push(range);
  });
  if (silent.size === 0 || sets === undefined) return ranges;
  for (const { unitOffset, start, end } of readAddressSets(sets)) {
    const owner = silent.get(unitOffset);
    if (owner !== undefined) ranges.push({ start, end, owner });
  }
  return ranges;
}

/** The addresses of a unit's code. A unit that cannot be read has none: its addresses keep the names of the symbol table. */
function unitRanges(info: DebugInfo, unit: InfoUnit, owner: number): OwnedRange[] {
  const ranges: OwnedRange[] = [];
  try {
    const reader = info.readRoot(unit);
    const root = reader.readRoot();
    if (root === null) return [];
    reader.addressRanges(root, info.ranges, (base, start, end) =>
      ranges.push({ start: base + BigInt(start), end: base + BigInt(end), owner }),
    );
  } catch (error) {
    if (!(error instanceof BootscopeError)) throw error;
  }
  return ranges;
}
