import type { ReusedBytes } from "../byteSource";
import { ByteCursor } from "../cursor";
import { SectionFlag, SectionType } from "./constants";
import type { ElfFile } from "./elfFile";

/** Parts of a section, as they are asked for: from the file, or from memory where the section is compressed or relocated. */
export class SectionBytes {
  private constructor(
    readonly name: string,
    private readonly littleEndian: boolean,
    /** Bytes that the file has of it. */
    readonly length: number,
    private readonly readPart: (offset: number, length: number, memory?: ReusedBytes) => Uint8Array,
  ) {}

  /** Null when the file has no such section. Rejects with BootscopeError when it cannot be decompressed or relocated. */
  static async open(file: ElfFile, name: string): Promise<SectionBytes | null> {
    const section = file.section(name);
    if (section === undefined) return null;
    const { littleEndian } = file.header;
    const isAsInFile = (section.flags & SectionFlag.Compressed) === 0 && !section.name.startsWith(".z");
    if (isAsInFile && !file.isRelocatable && section.type !== SectionType.NoBits) {
      const available = section.size - section.missing;
      return new SectionBytes(name, littleEndian, available, (offset, length, memory) =>
        file.readAtSync(section.offset + offset, length, memory),
      );
    }
    const bytes = await file.readSection(section);
    return new SectionBytes(name, littleEndian, bytes.length, (offset, length) =>
      bytes.subarray(offset, offset + length),
    );
  }

  /**
   * Bytes from an offset on; fewer where the section ends. They are to be read only.
   * @param memory what may be read into: then they are good until it is used again
   */
  read(offset: number, length: number, memory?: ReusedBytes): Uint8Array {
    return this.readPart(offset, Math.max(0, Math.min(length, this.length - offset)), memory);
  }

  /** The same, to be read one after another. Positions count from the offset; errors tell that in the section. */
  cursor(offset: number, length: number, memory?: ReusedBytes): ByteCursor {
    return new ByteCursor(this.read(offset, length, memory), this.littleEndian, this.name, 0, offset);
  }
}
