import { ReusedBytes } from "../byteSource";
import type { ByteCursor } from "../cursor";
import type { ElfFile } from "../elf/elfFile";
import { SectionBytes } from "../elf/sectionBytes";
import { DebugInfo } from "./debugInfo";
import { readLineUnit, type LineUnit } from "./lineHeader";
import { StringReader } from "./strings";
import { UnitIndex } from "./unitIndex";

/** The debug information of an image, as far as it was asked for: all who read it share what was found. */
export class DebugSections {
  private opened: Promise<DebugUnits | null> | undefined;

  private constructor(
    readonly file: ElfFile,
    /** .debug_line, if there is one. */
    readonly lines: SectionBytes | null,
    readonly strings: StringReader,
  ) {}

  /** Rejects with BootscopeError when a section cannot be decompressed or relocated. */
  static async open(file: ElfFile): Promise<DebugSections> {
    const [lines, str, lineStr] = await Promise.all(
      [".debug_line", ".debug_str", ".debug_line_str"].map((name) => SectionBytes.open(file, name)),
    );
    return new DebugSections(file, lines, new StringReader(str, lineStr));
  }

  /** Null when the file has no .debug_info or no .debug_abbrev. Rejects as `open`. */
  units(): Promise<DebugUnits | null> {
    return (this.opened ??= this.openUnits());
  }

  private async openUnits(): Promise<DebugUnits | null> {
    const info = await DebugInfo.open(this.file, this.strings);
    return info && { info, index: new UnitIndex(info, await this.file.cursor(".debug_aranges")) };
  }
}

/** The units of .debug_info, and which of them an address is in. */
export interface DebugUnits {
  readonly info: DebugInfo;
  readonly index: UnitIndex;
}

/**
 * The unit of a line table at an offset of .debug_line, with its bytes. Throws BootscopeError "damaged".
 * @param memory what they may be read into: then they are good until it is used again
 */
export function openLineUnit(
  lines: SectionBytes,
  offset: number,
  memory = new ReusedBytes(),
): { unit: LineUnit; cursor: ByteCursor } {
  const { unit } = readLineUnit(lines, offset, memory);
  return { unit, cursor: lines.cursor(unit.offset, unit.end - unit.offset, memory) };
}
