import { SectionFlag } from "./elf/constants";
import type { ElfFile } from "./elf/elfFile";

/** A section that the guest executes, by its index in the file. */
export interface CodeSection {
  readonly index: number;
  readonly start: bigint;
  readonly end: bigint;
}

export function codeSections(file: ElfFile): CodeSection[] {
  const wanted = SectionFlag.Allocated | SectionFlag.Executable;
  return file.sections
    .filter(({ flags }) => (flags & wanted) === wanted)
    .map(({ index, address, size }) => ({ index, start: address, end: address + BigInt(size) }));
}

/** Says whether an address is in a section of code: what the linker dropped is described at addresses where no code is. */
export type IsCode = (address: bigint) => boolean;

export function codeTest(file: ElfFile): IsCode {
  const sections = codeSections(file);
  return (address) => sections.some(({ start, end }) => address >= start && address < end);
}
