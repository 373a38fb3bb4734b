import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { compressionOf } from "../../trace/import/input/compressions";
import { fileFingerprint } from "../fileFingerprint";
import { initramfsFiles, type ArchivedFile } from "./initramfs";

/** Of one initial RAM disk: bounds what a hostile or an enormous one can fill. */
const mostFiles = 50_000;
const mostBytes = 1 << 30;
const largestFile = 1 << 28;
/** How many initial RAM disks are kept. */
const keptFolders = 8;

/**
 * The programs, libraries and kernel modules of an initial RAM disk as a folder in the cache, made once. Null when the file
 * cannot be read as one, or nothing can be written.
 */
export async function extractedInitramfs(file: string, cache: string, signal?: AbortSignal): Promise<string | null> {
  try {
    if (!(await stat(file)).isFile()) return null;
    const hash = createHash("sha256").update(await fileFingerprint(file));
    const folder = path.join(cache, `initramfs-${hash.digest("hex").slice(0, 32)}`);
    if ((await stat(folder).catch(() => null)) === null) {
      await extract(file, folder, signal);
      await trim(cache);
    }
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return null;
  }
}

async function extract(file: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const draft = `${folder}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
  await mkdir(draft, { recursive: true });
  try {
    const inodes = new Set<string>();
    let [files, bytes] = [0, 0];
    for await (const entry of initramfsFiles(file, signal)) {
      signal?.throwIfAborted();
      if (entry.size > largestFile || inodes.has(entry.inode)) continue;
      const code = await codeOf(entry);
      if (code === null) continue;
      inodes.add(entry.inode);
      bytes += code.bytes.length;
      if (++files > mostFiles || bytes > mostBytes) break;
      const target = path.join(draft, ...safeParts(code.name));
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, code.bytes);
    }
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The file when it is ELF, or the module that is compressed in it; else null. */
async function codeOf(entry: ArchivedFile): Promise<{ name: string; bytes: Uint8Array } | null> {
  if (isElf(entry.head)) {
    const bytes = await entry.content();
    return bytes && { name: entry.name, bytes };
  }
  const packed = /\.ko\.(?:xz|zst|gz)$/.test(entry.name) ? await entry.content() : null;
  if (packed === null) return null;
  const bytes = await unpacked(packed, entry.name);
  return bytes !== null && isElf(bytes) ? { name: entry.name.replace(/\.(?:xz|zst|gz)$/, ""), bytes } : null;
}

const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** What is compressed in these bytes; null when it is damaged or too large. */
export async function unpacked(packed: Uint8Array, name: string): Promise<Uint8Array | null> {
  const unpack = compressionOf(packed, name);
  if (unpack === null) return packed;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  async function* whole(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield packed;
  }
  for await (const piece of unpack(whole())) {
    bytes += piece.length;
    if (bytes > largestFile) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The parts of a name that stay inside a folder. */
const safeParts = (name: string): string[] => {
  const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
  return parts.length === 0 ? ["file"] : parts;
};

/** Removes the folders that were not used for longest. */
async function trim(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => /^initramfs-[0-9a-f]{32}$/.test(name));
  const folders = await Promise.all(
    names.map(async (name) => ({ folder: path.join(cache, name), used: (await stat(path.join(cache, name))).mtimeMs })),
  );
  for (const { folder } of folders.sort((a, b) => b.used - a.used).slice(keptFolders)) {
    await rm(folder, { recursive: true, force: true });
  }
}
