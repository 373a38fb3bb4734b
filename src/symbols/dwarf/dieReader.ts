import type { CodeSpace } from "../codeSpace";
import { stringAt } from "../elf/headers";
import type { ByteCursor } from "../cursor";
import type { Abbreviation, AbbreviationTable } from "./abbreviations";
import { Attributes, groupOf, Wanted } from "./attributes";
import { Attribute, Form } from "./constants";
import type { InfoUnit } from "./infoUnit";
import { readForm, readOffset, skipForm, type StringReference } from "./forms";
import type { IndexedTables } from "./indexedTables";
import type { AddRange, RangeContext, RangeLists } from "./rangeLists";
import type { StringReader } from "./strings";

/** Reads the debugging information entries of one unit one after another (DWARF 5, 2.3 and 7.5). */
export class DieReader {
  private readonly bases = { strings: 0, addresses: 0, rangeLists: 0 };
  private readonly found = new Attributes();
  private context: RangeContext | undefined;

  constructor(
    private readonly cursor: ByteCursor,
    readonly unit: InfoUnit,
    private readonly abbreviations: AbbreviationTable,
    private readonly strings: StringReader,
    private readonly tables: IndexedTables,
    private readonly code: CodeSpace,
  ) {
    this.offset = unit.rootOffset;
  }

  /** Where the next entry is, as an offset in .debug_info. */
  get offset(): number {
    return this.cursor.origin + this.cursor.position;
  }

  set offset(offset: number) {
    const position = offset - this.cursor.origin;
    if (position < 0 || position > this.cursor.bytes.length) throw this.cursor.damaged("an entry is outside", position);
    this.cursor.position = position;
  }

  get isAtEnd(): boolean {
    return this.cursor.remaining <= 0;
  }

  /** Reads the head of an entry; null for the end of a list of children. Its attributes are to be read or skipped next. */
  next(): Abbreviation | null {
    const code = this.cursor.uleb();
    if (code === 0) return null;
    const abbreviation = this.abbreviations.at(code);
    if (abbreviation === undefined) throw this.cursor.damaged(`there is no abbreviation ${code}`);
    return abbreviation;
  }

  /** The root entry of the unit, good as `read` says. Must be read first: other entries' attributes depend on what it says. */
  readRoot(): Attributes | null {
    this.offset = this.unit.rootOffset;
    const abbreviation = this.next();
    if (abbreviation === null) return null;
    // Bases may come behind the attributes that use them: the first reading finds the bases.
    const start = this.cursor.position;
    const wanted = Wanted.Place | Wanted.Unit;
    this.read(abbreviation, wanted);
    this.cursor.position = start;
    const root = this.read(abbreviation, wanted);
    const { version, offsetSize, addressSize } = this.unit;
    const { addresses: addressBase, rangeLists: rangeListsBase } = this.bases;
    const base = Number.isNaN(root.lowPc) ? this.code.distance(0, 0) : root.lowPc;
    this.context = { version, offsetSize, addressSize, base, addressBase, rangeListsBase };
    return root;
  }

  /**
   * The wanted attributes (bits of `Wanted`) of the entry whose head was just read; the others are as if it had none. The next
   * reading overwrites them.
   */
  read(abbreviation: Abbreviation, wanted: number): Attributes {
    const { found } = this;
    found.clear();
    const { specifications } = abbreviation;
    for (let at = 0; at < specifications.length; at += 3) {
      const attribute = specifications[at];
      const form = specifications[at + 1];
      if ((groupOf(attribute) & wanted) === 0) skipForm(this.cursor, form, this.unit);
      else this.readAttribute(attribute, form, specifications[at + 2], found);
    }
    return found;
  }

  /** Skips the attributes of the entry whose head was just read. */
  skip(abbreviation: Abbreviation): void {
    if (abbreviation.bytes >= 0) {
      this.cursor.take(abbreviation.bytes);
      return;
    }
    const { specifications } = abbreviation;
    for (let at = 1; at < specifications.length; at += 3) skipForm(this.cursor, specifications[at], this.unit);
  }

  /** Skips the entry whose head was just read, with all that is below it: by its sibling where it names one. */
  skipTree(abbreviation: Abbreviation): void {
    if (!abbreviation.hasChildren || !this.skipToSibling(abbreviation)) {
      this.skip(abbreviation);
      if (abbreviation.hasChildren) this.skipChildren();
    }
  }

  /** Goes where the sibling attribute of the entry leads; false, with nothing read, when it has none that makes sense. */
  private skipToSibling({ specifications, siblingIndex, siblingAt }: Abbreviation): boolean {
    if (siblingIndex < 0) return false;
    const start = this.cursor.position;
    if (siblingAt >= 0) this.cursor.take(siblingAt);
    else for (let at = 1; at < siblingIndex; at += 3) skipForm(this.cursor, specifications[at], this.unit);
    const sibling = this.unit.offset + this.cursor.u32() - this.cursor.origin;
    // Only forwards: a sibling that leads back would be read for ever.
    const isSound = sibling >= this.cursor.position && sibling <= this.cursor.bytes.length;
    this.cursor.position = isSound ? sibling : start;
    return isSound;
  }

  /** Skips entries up to the end of the list of children that the reader is in. */
  skipChildren(): void {
    let depth = 1;
    while (depth > 0 && !this.isAtEnd) {
      const abbreviation = this.next();
      if (abbreviation === null) {
        depth--;
      } else {
        this.skip(abbreviation);
        if (abbreviation.hasChildren) depth++;
      }
    }
  }

  /** The addresses of an entry, as distances; none for a declaration or an abstract instance. The root must have been read. */
  addressRanges(
    { lowPc, highPc, highPcIsLength, ranges, rangesAreIndex }: Attributes,
    lists: RangeLists,
    add: AddRange,
  ): void {
    if (ranges >= 0) {
      if (this.context !== undefined) lists.read(ranges, rangesAreIndex, this.context, add);
    } else {
      const end = highPcIsLength ? lowPc + highPc : highPc;
      if (lowPc < end) add(lowPc, end);
    }
  }

  private readAttribute(attribute: number, form: number, constant: number, found: Attributes): void {
    switch (attribute) {
      case Attribute.name:
        found.name = this.string(form);
        return;
      case Attribute.linkage_name:
      case Attribute.MIPS_linkage_name:
        found.linkageName = this.string(form);
        return;
      case Attribute.comp_dir:
        found.compilationDirectory = this.string(form);
        return;
      case Attribute.low_pc:
        found.lowPc = this.address(form);
        return;
      case Attribute.high_pc:
        found.highPcIsLength = !isAddressForm(form);
        found.highPc = found.highPcIsLength ? this.number(form, constant) : this.address(form);
        return;
      case Attribute.ranges:
        found.rangesAreIndex = form === Form.rnglistx;
        found.ranges = found.rangesAreIndex ? this.cursor.uleb() : this.number(form, constant);
        return;
      case Attribute.abstract_origin:
      case Attribute.specification:
        found.origin = this.reference(form);
        return;
      case Attribute.call_file:
        found.callFile = this.number(form, constant);
        return;
      case Attribute.call_line:
        found.callLine = this.number(form, constant);
        return;
      case Attribute.decl_file:
        found.declarationFile = this.number(form, constant);
        return;
      case Attribute.decl_line:
        found.declarationLine = this.number(form, constant);
        return;
      case Attribute.language:
        found.language = this.number(form, constant);
        return;
      case Attribute.stmt_list:
        found.lineTable = this.number(form, constant);
        return;
      case Attribute.str_offsets_base:
        this.bases.strings = this.number(form, constant);
        return;
      case Attribute.addr_base:
        this.bases.addresses = this.number(form, constant);
        return;
      case Attribute.rnglists_base:
        this.bases.rangeLists = this.number(form, constant);
        return;
      default:
        skipForm(this.cursor, form, this.unit);
    }
  }

  /** A constant or section offset; 0 for a form that is neither. */
  private number(form: number, constant: number): number {
    if (form === Form.implicit_const) return constant;
    const value = readForm(this.cursor, form, this.unit);
    return typeof value === "number" ? value : 0;
  }

  private string(form: number): string | null {
    const index = this.index(form, stringIndexForms);
    if (index !== null) {
      const reference = this.tables.string(this.bases.strings, index, this.unit.offsetSize);
      return reference && this.strings.read(reference);
    }
    const value = readForm(this.cursor, form, this.unit);
    return typeof value === "object" && value !== null ? this.text(value) : null;
  }

  private text(reference: StringReference): string | null {
    return reference.place === "inline" ? stringAt(this.cursor.bytes, reference.offset) : this.strings.read(reference);
  }

  /** A distance; NaN for a form that is no address. */
  private address(form: number): number {
    const { addressSize } = this.unit;
    if (form === Form.addr) return this.code.read(this.cursor, addressSize);
    const index = this.index(form, addressIndexForms);
    if (index !== null) return this.tables.address(this.bases.addresses, index, addressSize, this.code) ?? NaN;
    skipForm(this.cursor, form, this.unit);
    return NaN;
  }

  /** Reads a value of one of these index forms, given by their sizes; null, with nothing read, for another form. */
  private index(form: number, sizes: ReadonlyMap<number, number>): number | null {
    switch (sizes.get(form) ?? -1) {
      case 0:
        return this.cursor.uleb();
      case 1:
        return this.cursor.u8();
      case 2:
        return this.cursor.u16();
      case 3:
        return this.cursor.u24();
      case 4:
        return this.cursor.u32();
      default:
        return null;
    }
  }

  /** A reference as an offset in .debug_info; -1 for one that leads elsewhere (type units, other files). */
  private reference(form: number): number {
    const { offset, version, offsetSize, addressSize } = this.unit;
    switch (form) {
      case Form.ref1:
        return offset + this.cursor.u8();
      case Form.ref2:
        return offset + this.cursor.u16();
      case Form.ref4:
        return offset + this.cursor.u32();
      case Form.ref8:
        return offset + this.cursor.size64();
      case Form.ref_udata:
        return offset + this.cursor.uleb();
      case Form.ref_addr:
        return readOffset(this.cursor, version <= 2 ? addressSize : offsetSize);
      default:
        skipForm(this.cursor, form, this.unit);
        return -1;
    }
  }
}

/** 0: LEB128. */
const stringIndexForms: ReadonlyMap<number, number> = new Map([
  [Form.strx, 0],
  [Form.strx1, 1],
  [Form.strx2, 2],
  [Form.strx3, 3],
  [Form.strx4, 4],
]);
const addressIndexForms: ReadonlyMap<number, number> = new Map([
  [Form.addrx, 0],
  [Form.addrx1, 1],
  [Form.addrx2, 2],
  [Form.addrx3, 3],
  [Form.addrx4, 4],
]);

const isAddressForm = (form: number) => form === Form.addr || addressIndexForms.has(form);
