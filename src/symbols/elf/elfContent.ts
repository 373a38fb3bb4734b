import type { ElfHeader, ElfSection } from "./headers";

/** An ELF file's sections, for what reads them: `ElfFile` itself reads with its help. */
export interface ElfContent {
  readonly path: string;
  readonly header: ElfHeader;
  readonly sections: readonly ElfSection[];
  /** An object that was not linked (.o, .ko). */
  readonly isRelocatable: boolean;
  /** The first section of this name. */
  section(name: string): ElfSection | undefined;
  /** Its bytes, as they are to be read. Rejects with BootscopeError. */
  readSection(section: ElfSection): Promise<Uint8Array>;
}
