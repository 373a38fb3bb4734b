import { unpackBytes } from "../../compression/unpackBytes";
import { unxz } from "../../compression/xz";
import { ElfFile } from "./elfFile";

export const miniDebugSection = ".gnu_debugdata";
/** The symbols of a large program are some megabytes. */
const maximumBytes = 1 << 26;

/**
 * The ELF file with the symbols that are not needed for dynamic linking, which some distributions leave in stripped programs, packed
 * by xz (gdb, "MiniDebugInfo"). Null when there is none. Rejects with BootscopeError "damaged". The caller closes it.
 */
export async function openMiniDebugInfo(file: ElfFile): Promise<ElfFile | null> {
  const section = file.section(miniDebugSection);
  if (section === undefined) return null;
  const packed = await file.readSection(section);
  const bytes = await unpackBytes(packed, unxz, maximumBytes);
  return bytes === null ? null : ElfFile.fromBytes(`${file.path} (${miniDebugSection})`, bytes);
}
