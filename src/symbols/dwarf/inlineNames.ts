import { BootscopeError } from "../../protocol/failure";
import type { DebugInfo, InfoUnit } from "./debugInfo";
import { Wanted, type Attributes, type DieReader } from "./dieReader";

/** How often one entry may refer to another for its name: concrete → abstract → declaration, and some to spare. */
const maximumHops = 8;

/** The distinct names of functions, numbered as they are met, and the names of entries. */
export class InlineNames {
  readonly list: string[] = [];
  private readonly byName = new Map<string, number>();
  private readonly byOffset = new Map<number, number>();

  constructor(
    private readonly info: DebugInfo,
    private readonly units: readonly InfoUnit[],
  ) {}

  /** Number of a name. */
  number(name: string): number {
    let number = this.byName.get(name);
    if (number === undefined) {
      number = this.list.push(name) - 1;
      this.byName.set(name, number);
    }
    return number;
  }

  /**
   * Number of the name of the entry at an offset of .debug_info: the linkage name where it has one, else the name, of itself
   * or of the entries that it refers to; -1 for none.
   * @param reader of a unit, whose place is kept; entries of other units (link-time optimisation) are read with readers of theirs
   */
  at(offset: number, reader: DieReader): number {
    let number = this.byOffset.get(offset);
    if (number === undefined) {
      const name = this.read(offset, reader);
      number = name === null ? -1 : this.number(name);
      this.byOffset.set(offset, number);
    }
    return number;
  }

  private read(offset: number, reader: DieReader): string | null {
    let plainName: string | null = null;
    let next: number | null = offset;
    for (let hops = 0; next !== null && hops < maximumHops; hops++) {
      const attributes = this.attributesAt(next, reader);
      if (attributes === null) break;
      if (attributes.linkageName !== null) return attributes.linkageName;
      plainName ??= attributes.name;
      next = attributes.origin;
    }
    return plainName;
  }

  private attributesAt(offset: number, near: DieReader): Attributes | null {
    try {
      const { unit } = near;
      const reader = offset >= unit.offset && offset < unit.end ? near : this.readerOf(offset);
      if (reader === null) return null;
      const place = reader.offset;
      reader.offset = offset;
      const abbreviation = reader.next();
      const attributes = abbreviation && reader.read(abbreviation, Wanted.Name);
      reader.offset = place;
      return attributes;
    } catch (error) {
      if (error instanceof BootscopeError) return null;
      throw error;
    }
  }

  private readerOf(offset: number): DieReader | null {
    let from = 0;
    let to = this.units.length;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (this.units[middle].offset > offset) to = middle;
      else from = middle;
    }
    const unit = this.units.at(from);
    if (unit === undefined || offset < unit.offset || offset >= unit.end) return null;
    const reader = this.info.read(unit);
    reader.readRoot();
    return reader;
  }
}
