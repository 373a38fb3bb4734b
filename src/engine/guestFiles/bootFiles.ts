/** Files that name what runs before the kernel, or below it. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Category } from "../../protocol/engine";
import type { FirmwareFile } from "../../protocol/firmwareFile";
import type { CodeFile } from "./codeFiles";

/** What an x86 kernel's build folder has (arch/x86/boot/Makefile, arch/x86/realmode/rm/Makefile). */
const builtFiles = [
  { file: "arch/x86/boot/setup.elf", name: "setup", category: Category.Decompressor },
  { file: "arch/x86/boot/compressed/vmlinux", name: "decompressor", category: Category.Decompressor },
  { file: "arch/x86/realmode/rm/realmode.elf", name: "realmode", category: Category.Kernel },
] as const;

/** The files in the build folder of a vmlinux. */
export async function builtBootFiles(vmlinux: string): Promise<CodeFile[]> {
  const folder = path.dirname(await realpath(vmlinux).catch(() => path.resolve(vmlinux)));
  const files = builtFiles.map(({ file, name, category }) => {
    const boot = { category, address: null };
    return { path: path.join(folder, file), name, isModule: false, boot };
  });
  const exists = await Promise.all(files.map(async (file) => (await stat(file.path).catch(() => null)) !== null));
  return files.filter((_, index) => exists[index]);
}

/** A file that somebody named; it is called as in a build folder where it lies in one. */
export function givenBootFile({ path: given, address }: FirmwareFile): CodeFile {
  const built = builtFiles.find(({ file }) => given.endsWith(`/${file}`));
  const category = built?.category ?? Category.Firmware;
  return { path: given, name: built?.name ?? path.basename(given), isModule: false, boot: { category, address } };
}
