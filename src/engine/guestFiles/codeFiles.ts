import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Category } from "../../protocol/engine";
import type { ModuleTime } from "../moduleList/moduleTimes";
import type { ListedModule } from "../moduleList/parseModuleList";

/** A file with code that may have run in the guest. */
export interface CodeFile {
  readonly path: string;
  /** As people call it: a module's name as /proc/modules has it, a program's file name. */
  readonly name: string;
  readonly isModule: boolean;
  /** Of a file whose code runs before the kernel or below it. */
  readonly boot?: BootCode;
  /** Of a module that the guest listed: where and when. */
  readonly listed?: ListedPlace;
}

/** Where and when a module's file was, as the guest listed it. */
export interface ListedPlace {
  readonly module: ListedModule;
  readonly time: ModuleTime;
}

export interface BootCode {
  readonly category: Category;
  /** Where its first loaded byte was, as somebody said; null: to be found by its bytes. */
  readonly address: bigint | null;
}

/** Bounds for a folder that somebody gives: a whole root file system may be large. */
const mostEntries = 200_000;

/** How the name of a compressed module ends (CONFIG_MODULE_COMPRESS). */
export const packedModule = /\.ko\.(?:xz|zst|gz)$/;

/** The ELF files and compressed modules in a folder and below it, in order of their paths. Unreadable ones and symbolic links are left out. */
export async function codeFilesIn(folder: string, signal?: AbortSignal): Promise<CodeFile[]> {
  const found: CodeFile[] = [];
  const folders = [folder];
  let entries = 0;
  for (let at = folders.pop(); at !== undefined && entries < mostEntries; at = folders.pop()) {
    signal?.throwIfAborted();
    const names = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of names) {
      entries++;
      const file = path.join(at, entry.name);
      if (entry.isDirectory()) folders.push(file);
      else if (entry.isFile() && (await hasCode(file))) found.push(describe(file));
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The code files that a path stands for: those of a folder, or the file itself. */
export async function codeFilesAt(given: string, signal?: AbortSignal): Promise<CodeFile[]> {
  const found = await stat(given).catch(() => null);
  if (found?.isFile() !== true) return codeFilesIn(given, signal);
  return (await hasCode(given)) ? [describe(given)] : [];
}

function describe(file: string): CodeFile {
  const base = path.basename(file);
  const isModule = isModuleName(base);
  return { path: file, name: isModule ? moduleName(base) : base, isModule };
}

/** A module's name from that of its file: scripts/Makefile.lib writes "_" for "-". */
export const moduleName = (file: string): string =>
  path
    .basename(file)
    .replace(/\.ko(?:\..*)?$/, "")
    .replaceAll("-", "_");

const isModuleName = (file: string): boolean => file.endsWith(".ko") || packedModule.test(file);

export const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

async function hasCode(file: string): Promise<boolean> {
  if (isModuleName(file)) return true;
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return bytesRead === 4 && isElf(buffer);
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}
