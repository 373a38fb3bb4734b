import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { lastUse, touch } from "../lastUse";

/** Of one folder: bounds what hostile or enormous archives can fill. */
const mostFiles = 50_000;
const mostBytes = 1 << 30;
/** A file in an archive may be so large. */
export const largestFile = 1 << 28;
/** How many folders are kept. */
const keptFolders = 8;

/** A folder that is being filled. */
export interface FolderDraft {
  /** False: there is no room for it, nor for any other. A name that leads out of the folder is made one that does not. */
  add(name: string, bytes: Uint8Array): Promise<boolean>;
}

/**
 * A folder of the cache with files that were unpacked from others, made once. Those that were not used for longest are removed.
 * Rejects as `fill` does, and with errors of the file system.
 * @param kind tells what was unpacked, in letters
 * @param key tells the content from any other
 */
export async function extractedFolder(
  cache: string,
  kind: string,
  key: string,
  fill: (draft: FolderDraft) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 32);
  const folder = path.join(cache, `${kind}-${hash}`);
  if (!(await exists(folder))) {
    await make(folder, fill);
    await trim(cache, kind);
  }
  await touch(folder);
  return folder;
}

async function make(folder: string, fill: (draft: FolderDraft) => Promise<void>): Promise<void> {
  const draft = `${folder}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
  await mkdir(draft, { recursive: true });
  let [files, bytes] = [0, 0];
  const add = async (name: string, content: Uint8Array): Promise<boolean> => {
    bytes += content.length;
    if (++files > mostFiles || bytes > mostBytes) return false;
    const target = path.join(draft, ...safeParts(name));
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
    return true;
  };
  try {
    await fill({ add });
    try {
      await rename(draft, folder);
    } catch (error) {
      // Another window made the same meanwhile.
      if (!(await exists(folder))) throw error;
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const exists = async (folder: string): Promise<boolean> => (await stat(folder).catch(() => null)) !== null;

/** The parts of a name that stay inside a folder. */
const safeParts = (name: string): string[] => {
  const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
  return parts.length === 0 ? ["file"] : parts;
};

async function trim(cache: string, kind: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name.startsWith(`${kind}-`) && /-[0-9a-f]{32}$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = path.join(cache, name);
      const known = await stat(folder).catch(() => null);
      return known === null ? [] : [{ folder, used: lastUse(known) }];
    }),
  );
  const folders = found.flat();
  for (const { folder } of folders.sort((a, b) => b.used - a.used).slice(keptFolders)) {
    await rm(folder, { recursive: true, force: true });
  }
}
