import { open, readdir } from "node:fs/promises";
import path from "node:path";
import type { Category } from "../../protocol/engine";

/** A file with code that may have run in the guest. */
export interface CodeFile {
  readonly path: string;
  /** As people call it: a module's name as /proc/modules has it, a program's file name. */
  readonly name: string;
  readonly isModule: boolean;
  /** Of a file whose code runs before the kernel or below it. */
  readonly boot?: BootCode;
}

export interface BootCode {
  readonly category: Category;
  /** Where its first loaded byte was, as somebody said; null: to be found by its bytes. */
  readonly address: bigint | null;
}

/** Bounds for a folder that somebody gives: a whole root file system may be large. */
const mostEntries = 200_000;

/** The ELF files in a folder and below it, in order of their paths. Unreadable ones and symbolic links are left out. */
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
      else if (entry.isFile() && (await isElf(file))) found.push(describe(file));
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function describe(file: string): CodeFile {
  const base = path.basename(file);
  const isModule = base.endsWith(".ko");
  return { path: file, name: isModule ? moduleName(base) : base, isModule };
}

/** A module's name from that of its file: scripts/Makefile.lib writes "_" for "-". */
export const moduleName = (file: string): string =>
  path
    .basename(file)
    .replace(/\.ko(?:\..*)?$/, "")
    .replaceAll("-", "_");

async function isElf(file: string): Promise<boolean> {
  if (file.endsWith(".ko")) return true;
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return bytesRead === 4 && buffer.toString("latin1") === "\x7fELF";
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}
