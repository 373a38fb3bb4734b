import { BootscopeError } from "../../protocol/failure";
import { fileSource, memorySource, type ByteSource, type ReusedBytes } from "../byteSource";
import { ByteCursor } from "../cursor";
import { decompressSection } from "./compression";
import { ElfType, SectionFlag, SectionType } from "./constants";
import type { ElfContent } from "./elfContent";
import { parseHeader, parseSections, parseSegments, type ElfHeader, type ElfSection, type ElfSegment } from "./headers";
import { layOutSections } from "./objectLayout";
import { Relocations } from "./relocations";

/** No section of a kernel comes near it, and Node's buffers end there. */
const maximumSectionBytes = 2 ** 31;

/**
 * An ELF file of either class and byte order, read by position: headers when it is opened, sections when they are asked for.
 * Nothing keeps the whole file in memory. Close it when done.
 */
export class ElfFile implements ElfContent {
  private readonly relocations: Relocations | null;

  private constructor(
    readonly path: string,
    readonly header: ElfHeader,
    readonly sections: readonly ElfSection[],
    readonly segments: readonly ElfSegment[],
    private readonly source: ByteSource,
  ) {
    this.relocations = this.isRelocatable ? new Relocations(this) : null;
  }

  /** An object that was not linked (.o, .ko): its sections have the addresses of `layOutSections`. */
  get isRelocatable(): boolean {
    return this.header.type === ElfType.Relocatable;
  }

  /**
   * Opens a file and reads its headers.
   *
   * Rejects with BootscopeError: "not-found", "unreadable", "no-symbols" (not an ELF file), "unsupported", or "damaged" (a header
   * lies outside the file).
   */
  static async open(path: string): Promise<ElfFile> {
    return ElfFile.read(path, await fileSource(path));
  }

  /** As `open`, from bytes that were unpacked from the file. */
  static fromBytes(path: string, bytes: Uint8Array): Promise<ElfFile> {
    return ElfFile.read(path, memorySource(bytes));
  }

  private static async read(path: string, source: ByteSource): Promise<ElfFile> {
    try {
      const read = (offset: number, length: number) => source.read(offset, length);
      const header = parseHeader(path, await read(0, 64), source.size);
      const segmentTable = header.segmentHeaders;
      const segments = parseSegments(
        header,
        await read(segmentTable.offset, segmentTable.count * segmentTable.entrySize),
      );
      const sections = await parseSections(path, header, source.size, read);
      const placed = header.type === ElfType.Relocatable ? layOutSections(sections) : sections;
      return new ElfFile(path, header, placed, segments, source);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** The first section of this name; ".debug_x" also finds the old compressed form ".zdebug_x". */
  section(name: string): ElfSection | undefined {
    const find = (wanted: string) => this.sections.find((section) => section.name === wanted);
    return find(name) ?? (name.startsWith(".debug_") ? find(`.z${name.slice(1)}`) : undefined);
  }

  /**
   * The bytes of a section, decompressed and, in a relocatable object, relocated. A section that the end of the file cuts gives its first part: compare with
   * `section.missing`. Rejects with BootscopeError "damaged" or "unsupported" when it cannot be decompressed or relocated.
   */
  async readSection(section: ElfSection): Promise<Uint8Array> {
    if (section.type === SectionType.NoBits) return new Uint8Array(0);
    if (section.size > maximumSectionBytes) {
      throw new BootscopeError("unsupported", `Section ${section.name} of ${this.path} is larger than 2 GiB.`);
    }
    const bytes = await this.readAt(section.offset, section.size - section.missing);
    const isCompressed = (section.flags & SectionFlag.Compressed) !== 0 || section.name.startsWith(".zdebug_");
    const content = isCompressed ? await decompressSection(section, bytes, this.header) : bytes;
    // Linked images keep their relocations when the linker was told so (--emit-relocs): they are applied already.
    await this.relocations?.apply(section, content);
    return content;
  }

  /** A section's bytes to be read one after another, or undefined when the file has no such section. */
  async cursor(name: string): Promise<ByteCursor | undefined> {
    const section = this.section(name);
    return section && new ByteCursor(await this.readSection(section), this.header.littleEndian, name);
  }

  get fileBytes(): number {
    return this.source.size;
  }

  /** Up to `length` bytes from `offset` of the file; fewer where it ends. */
  readAt(offset: number, length: number): Promise<Uint8Array> {
    return this.source.read(offset, length);
  }

  /**
   * `readAt` for callers that cannot wait.
   * @param memory what is read into; new memory if not given
   */
  readAtSync(offset: number, length: number, memory?: ReusedBytes): Uint8Array {
    return this.source.readSync(offset, length, memory);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
