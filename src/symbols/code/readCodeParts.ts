import { codeSections } from "../codeSections";
import { ElfType, SectionType, SegmentFlag, SegmentType } from "../elf/constants";
import type { ElfFile } from "../elf/elfFile";
import type { ElfSection } from "../elf/headers";
import { pageBytes, type CodePart } from "./codePart";

/** No module and no segment of code comes near it. */
const maximumCodeBytes = 1 << 28;

/**
 * The code of a file, without what loaders change in it: the segments of a linked one; of an object (a kernel module) what the
 * module loader puts together, which is the code that stays and the code for initialisation. Empty when the file has no code or
 * holds debug information only.
 */
export async function readCodeParts(file: ElfFile): Promise<CodePart[]> {
  return file.isRelocatable ? objectParts(file) : segmentParts(file);
}

async function segmentParts(file: ElfFile): Promise<CodePart[]> {
  const parts: CodePart[] = [];
  for (const { type, flags, offset, virtualAddress, fileSize } of file.segments) {
    if (type !== SegmentType.Load || (flags & SegmentFlag.Executable) === 0 || fileSize > maximumCodeBytes) continue;
    const bytes = await file.readAt(offset, fileSize);
    const pageOffset = Number(virtualAddress & BigInt(pageBytes - 1));
    const fixed = file.header.type === ElfType.Executable;
    if (bytes.length > 0) parts.push({ start: virtualAddress, pageOffset, bytes, fixed, patches: [] });
  }
  return parts;
}

/** Sections one behind the other as `layOutSections` places them, which is how the module loader does it. */
async function objectParts(file: ElfFile): Promise<CodePart[]> {
  const sections = codeSections(file).map(({ index }) => file.sections[index]);
  const isInit = ({ name }: ElfSection) => name.startsWith(".init");
  const parts: CodePart[] = [];
  for (const group of [sections.filter((section) => !isInit(section)), sections.filter(isInit)]) {
    const [first] = group;
    const last = group.at(-1);
    if (last === undefined || group.some(({ type, missing }) => type === SectionType.NoBits || missing > 0)) continue;
    const length = Number(last.address - first.address) + last.size;
    if (length === 0 || length > maximumCodeBytes) continue;
    const bytes = new Uint8Array(length);
    for (const { offset, size, address } of group) {
      bytes.set(await file.readAt(offset, size), Number(address - first.address));
    }
    parts.push({ start: first.address, pageOffset: 0, bytes, fixed: false, patches: [] });
  }
  return parts;
}
