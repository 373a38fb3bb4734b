import { setImmediate as nextTurn } from "node:timers/promises";
import { BootscopeError } from "../../protocol/failure";
import { ReusedBytes } from "../byteSource";
import { isExact, type CodeSpace } from "../codeSpace";
import type { SectionBytes } from "../elf/sectionBytes";
import type { FunctionNames } from "../functionNames";
import type { InlineStretches } from "../inlineStretches";
import { AddressHalves } from "../sortedAddresses";
import type { DebugInfo } from "./debugInfo";
import { openLineUnit, type DebugSections } from "./debugSections";
import type { InfoUnit } from "./infoUnit";
import type { Attributes } from "./attributes";
import { InlineNames } from "./inlineNames";
import type { OpenUnit } from "./inlineTree";
import { InlineUnit } from "./inlineUnit";
import { noFile, UnitFiles, type FileTable } from "./lineFiles";
import { readLineHeader } from "./lineHeader";
import { Problems } from "./problems";
import type { UnitIndex } from "./unitIndex";

/** How long units are read before others get a turn. */
const sliceMilliseconds = 12;

/** What a unit is read into. */
interface UnitMemory {
  readonly entries: ReusedBytes;
  readonly lines: ReusedBytes;
}

/** The inlined calls of an image. Units are read when an address of theirs is asked for. */
export class InlineTable {
  private readonly problems = new Problems();
  private readonly names: InlineNames;
  private readonly loaded = new Map<InfoUnit, InlineUnit | null>();
  private readonly memory: UnitMemory = { entries: new ReusedBytes(), lines: new ReusedBytes() };

  private constructor(
    private readonly info: DebugInfo,
    private readonly units: UnitIndex,
    private readonly lines: SectionBytes,
    private readonly files: FileTable,
    functions: FunctionNames,
  ) {
    this.names = new InlineNames(units, (unit) => this.openUnit(unit), functions);
  }

  /**
   * Null when the image has no debug information. Rejects with BootscopeError when a section of it cannot be read.
   * @param files, functions what places of calls and names are added to, and their numbers are of
   */
  static async open(sections: DebugSections, files: FileTable, functions: FunctionNames): Promise<InlineTable | null> {
    const units = await sections.units();
    if (units === null || sections.lines === null) return null;
    return new InlineTable(units.info, units.index, sections.lines, files, functions);
  }

  /** What was wrong with what was read so far, in one sentence, or null. */
  get problem(): string | null {
    return this.problems.summary ?? this.info.problem;
  }

  /** What the starts of stretches that `load` adds are distances in. */
  get code(): CodeSpace {
    return this.info.code;
  }

  /**
   * Adds the stretches of functions that the addresses are in to `found`, each once. Where there is no function, the address
   * alone is a stretch without one. Rejects with AbortError when the signal fires; what was found before stays.
   */
  async load(addresses: BigUint64Array, found: InlineStretches, signal?: AbortSignal): Promise<void> {
    let turnEnd = performance.now() + sliceMilliseconds;
    for (const [unit, distances] of this.byUnit(addresses)) {
      if (performance.now() >= turnEnd) {
        await nextTurn();
        signal?.throwIfAborted();
        turnEnd = performance.now() + sliceMilliseconds;
      }
      this.loadInUnit(unit, distances, found);
    }
  }

  /** Distances of the addresses near the code by unit; null: of those in none. */
  private byUnit(addresses: BigUint64Array): ReadonlyMap<InfoUnit | null, number[]> {
    const halves = new AddressHalves(addresses);
    const byUnit = new Map<InfoUnit | null, number[]>();
    for (let index = 0; index < addresses.length; index++) {
      const distance = this.code.distance(halves.high(index), halves.low(index));
      if (!isExact(distance)) continue;
      const unit = this.code.isCode(distance) ? this.units.unitAt(distance) : null;
      const distances = byUnit.get(unit);
      if (distances === undefined) byUnit.set(unit, [distance]);
      else distances.push(distance);
    }
    return byUnit;
  }

  private loadInUnit(info: InfoUnit | null, distances: readonly number[], found: InlineStretches): void {
    const seen = new Set<number>();
    let opened: OpenUnit | undefined;
    const open = (unit: InfoUnit) => (opened ??= this.openUnit(unit, this.memory));
    let done = 0;
    try {
      const unit = info === null ? null : this.unit(info, open);
      for (const distance of distances) {
        const stretch = unit?.stretchAt(distance) ?? -1;
        if (info === null || unit === null || stretch < 0) {
          found.addUnknown(distance);
        } else if (!seen.has(stretch)) {
          seen.add(stretch);
          unit.read(stretch, open(info), found);
        }
        done++;
      }
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      // What is damaged is not read again; what was found before the damage stays.
      found.dropOpen();
      if (info !== null) this.loaded.set(info, null);
      this.problems.add(error.message);
      for (const distance of distances.slice(done)) found.addUnknown(distance);
    }
  }

  private unit(info: InfoUnit, open: (unit: InfoUnit) => OpenUnit): InlineUnit | null {
    const known = this.loaded.get(info);
    if (known !== undefined) return known;
    const unit = new InlineUnit(open(info));
    this.loaded.set(info, unit);
    return unit;
  }

  /**
   * Reads a unit's entries. They are some ten kilobytes to a megabyte, so what is found in them is kept and they are not.
   * @param memory what they may be read into: then the unit is good until it is used again
   */
  private openUnit(unit: InfoUnit, memory?: UnitMemory): OpenUnit {
    const reader = this.info.read(unit, memory?.entries);
    const root = reader.readRoot();
    const files = root && this.unitFiles(root, memory?.lines);
    const opened: OpenUnit = {
      reader,
      lists: this.info.ranges,
      code: this.info.code,
      functionAt: (offset) => this.names.at(offset, opened),
      fileOf: (file) => files?.resolve(file) ?? noFile,
    };
    return opened;
  }

  /** The file numbers of the unit's line table, which call sites use too. */
  private unitFiles({ lineTable, compilationDirectory }: Attributes, memory?: ReusedBytes): UnitFiles | null {
    if (lineTable === null) return null;
    const { unit, cursor } = openLineUnit(this.lines, lineTable, memory);
    const header = readLineHeader(cursor, unit);
    return new UnitFiles(header, cursor.bytes, this.info.strings, this.files, compilationDirectory);
  }
}
