import { Attribute } from "./constants";

/** The attributes of an entry that symbolization asks for. References and siblings are offsets in .debug_info. */
export class Attributes {
  name: string | null = null;
  linkageName: string | null = null;
  compilationDirectory: string | null = null;
  /** A distance in the image's `CodeSpace`; NaN: it has none. */
  lowPc = NaN;
  /** A distance, or with `highPcIsLength` a length; NaN: it has none. */
  highPc = NaN;
  highPcIsLength = false;
  /** DW_AT_ranges: an offset in the section of the lists, or with `rangesAreIndex` (version 5) the number of a list; -1: none. */
  ranges = -1;
  rangesAreIndex = false;
  /** DW_AT_abstract_origin or DW_AT_specification: the entry that says what this one does not; -1: none. */
  origin = -1;
  callFile = 0;
  callLine = 0;
  /** Where it is declared: number of a file of the unit (0 before version 5: none), and line. */
  declarationFile = 0;
  declarationLine = 0;
  language = 0;
  lineTable: number | null = null;

  clear(): void {
    this.name = this.linkageName = this.compilationDirectory = null;
    this.lowPc = this.highPc = NaN;
    this.highPcIsLength = this.rangesAreIndex = false;
    this.ranges = this.origin = -1;
    this.callFile = this.callLine = this.declarationFile = this.declarationLine = this.language = 0;
    this.lineTable = null;
  }
}

/** Which attributes a reading is for: to decode the names of entries whose places are wanted would double its time. */
export const Wanted = { Place: 1, Name: 2, Unit: 4 } as const;

/** The bit of `Wanted` that an attribute belongs to, or 0. */
export function groupOf(attribute: number): number {
  switch (attribute) {
    case Attribute.name:
    case Attribute.linkage_name:
    case Attribute.MIPS_linkage_name:
    case Attribute.decl_file:
    case Attribute.decl_line:
      return Wanted.Name;
    case Attribute.abstract_origin:
    case Attribute.specification:
      return Wanted.Name | Wanted.Place;
    case Attribute.low_pc:
    case Attribute.high_pc:
    case Attribute.ranges:
    case Attribute.call_file:
    case Attribute.call_line:
      return Wanted.Place;
    case Attribute.comp_dir:
    case Attribute.language:
    case Attribute.stmt_list:
    case Attribute.str_offsets_base:
    case Attribute.addr_base:
    case Attribute.rnglists_base:
      return Wanted.Unit;
    default:
      return 0;
  }
}
