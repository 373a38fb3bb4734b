import { BootscopeError } from "../../protocol/failure";
import type { FunctionNames } from "../functionNames";
import type { InfoUnit } from "./infoUnit";
import { Wanted } from "./attributes";
import type { OpenUnit } from "./inlineTree";
import { noFile } from "./lineFiles";
import type { UnitIndex } from "./unitIndex";

/** How often one entry may refer to another for its name: concrete → abstract → declaration, and some to spare. */
const maximumHops = 8;

/** A function as its entries say: its name, and where it is declared (a number of the image's file table; -1, 0: unknown). */
interface NamedFunction {
  readonly name: string;
  readonly file: number;
  readonly line: number;
}

/** The functions that entries of the debug information stand for. */
export class InlineNames {
  private readonly byOffset = new Map<number, number>();

  /** @param open gives the entries of a unit, for references from one unit to another (link-time optimisation) */
  constructor(
    private readonly units: UnitIndex,
    private readonly open: (unit: InfoUnit) => OpenUnit,
    private readonly functions: FunctionNames,
  ) {}

  /**
   * Number of the function of the entry at an offset of .debug_info: the linkage name where it has one, else the name, of itself
   * or of the entries that it refers to; -1 for none.
   * @param near a unit whose reader's place is kept
   */
  at(offset: number, near: OpenUnit): number {
    let number = this.byOffset.get(offset);
    if (number === undefined) {
      const found = this.read(offset, near);
      number = found === null ? -1 : this.functions.number(found.name, found.file, found.line);
      this.byOffset.set(offset, number);
    }
    return number;
  }

  private read(offset: number, near: OpenUnit): NamedFunction | null {
    let plainName: string | null = null;
    let linkageName: string | null = null;
    let [file, line] = [-1, 0];
    let next = offset;
    for (let hops = 0; next >= 0 && hops < maximumHops; hops++) {
      const entry = this.entryAt(next, near);
      if (entry === null) break;
      linkageName ??= entry.linkageName;
      plainName ??= entry.name;
      if (line === 0 && entry.line > 0) ({ file, line } = entry);
      next = entry.origin;
    }
    const name = linkageName ?? plainName;
    return name === null ? null : { name, file, line };
  }

  private entryAt(offset: number, near: OpenUnit) {
    try {
      const { unit } = near.reader;
      const holder = offset >= unit.offset && offset < unit.end ? near : this.holderOf(offset);
      return holder && readEntry(holder, offset);
    } catch (error) {
      if (error instanceof BootscopeError) return null;
      throw error;
    }
  }

  /** The unit that holds an offset, opened; null when none does. */
  private holderOf(offset: number): OpenUnit | null {
    const unit = this.units.unitOf(offset);
    return unit && this.open(unit);
  }
}

/** What the entry at an offset says of its function; the reader's place is kept. Throws BootscopeError "damaged". */
function readEntry(unit: OpenUnit, offset: number) {
  const { reader } = unit;
  const place = reader.offset;
  try {
    reader.offset = offset;
    const abbreviation = reader.next();
    if (abbreviation === null) return null;
    const {
      name,
      linkageName,
      origin,
      declarationFile,
      declarationLine: line,
    } = reader.read(abbreviation, Wanted.Name);
    const file = line > 0 ? unit.fileOf(declarationFile) : noFile;
    return { name, linkageName, origin, file: file === noFile ? -1 : file, line };
  } finally {
    reader.offset = place;
  }
}
