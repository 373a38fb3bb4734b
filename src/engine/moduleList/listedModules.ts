import type { CodePart } from "../../symbols/code/codePart";
import { SectionFlag } from "../../symbols/elf/constants";
import type { ElfFile } from "../../symbols/elf/elfFile";
import type { CodeFile, ListedPlace } from "../guestFiles/codeFiles";
import { moduleTimes } from "./moduleTimes";
import type { ModuleList } from "./parseModuleList";

/**
 * The files of the listed modules, each once for each of its places; of several files for a module the first. Modules without a file,
 * and places that were of several modules at unknown times, are left out.
 */
export function listedFiles(list: ModuleList, files: readonly CodeFile[], hasClock: boolean): CodeFile[] {
  const byName = new Map<string, CodeFile>();
  for (const file of files) if (file.isModule && !byName.has(file.name)) byName.set(file.name, file);
  const times = moduleTimes(list.modules, hasClock);
  return list.modules.flatMap((module, index) => {
    const file = byName.get(module.name);
    const time = times[index];
    return file === undefined || time === null ? [] : [{ ...file, listed: { module, time } }];
  });
}

/**
 * Where a part of a module's code was. Null: the list does not tell, or what it tells cannot be of this file, which then is one of
 * another build.
 */
export function listedBase(
  { module }: ListedPlace,
  elf: ElfFile,
  part: CodePart,
  isInitialisation: boolean,
): bigint | null {
  if (!isInitialisation && module.size !== null && part.bytes.length > module.size) return null;
  const end = part.start + BigInt(part.bytes.length);
  const code = elf.sections.filter(
    ({ flags, address }) => (flags & SectionFlag.Executable) !== 0 && address >= part.start && address < end,
  );
  const bases = new Set<bigint>();
  for (const { name, address, size } of code) {
    const listed = module.sections.get(name);
    if (listed !== undefined && size > 0) bases.add(listed - (address - part.start));
  }
  // The code that stays begins where /proc/modules says, unless the loader puts a table of jumps of unknown size before it.
  const hasJumps = code.some(({ name }) => name === ".plt");
  if (!isInitialisation && !hasJumps && module.address !== null) bases.add(module.address);
  return bases.size === 1 ? [...bases][0] : null;
}
