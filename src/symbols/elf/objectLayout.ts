import { SectionFlag } from "./constants";
import type { ElfSection } from "./headers";

/** Larger alignments than of huge pages are damage. */
const maximumAlignment = 1 << 21;

/**
 * Gives the sections of a relocatable object addresses, which only a linker or the kernel's module loader would: one behind the
 * other from 0, code first and code for initialisation behind it, as the module loader lays them out. So an address in the
 * first code section, usually .text, is an offset in that section. Sections that are not loaded stay at 0.
 */
export function layOutSections(sections: readonly ElfSection[]): ElfSection[] {
  const laidOut = [...sections];
  let next = 0n;
  for (const isPart of [isCoreCode, isInitCode, isData]) {
    for (const section of sections.filter(({ flags }) => (flags & SectionFlag.Allocated) !== 0).filter(isPart)) {
      const alignment = BigInt(Math.min(Math.max(section.alignment, 1), maximumAlignment));
      const address = ((next + alignment - 1n) / alignment) * alignment;
      laidOut[section.index] = { ...section, address };
      next = address + BigInt(section.size);
    }
  }
  return laidOut;
}

const isCode = ({ flags }: ElfSection) => (flags & SectionFlag.Executable) !== 0;
const isInitCode = (section: ElfSection) => isCode(section) && section.name.startsWith(".init");
const isCoreCode = (section: ElfSection) => isCode(section) && !isInitCode(section);
const isData = (section: ElfSection) => !isCode(section);
