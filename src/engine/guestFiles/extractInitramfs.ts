import { stat } from "node:fs/promises";
import { fileFingerprint } from "../fileFingerprint";
import { isElf, packedModule } from "./codeFiles";
import { extractedFolder, largestFile, type FolderDraft } from "./extractedFolder";
import { initramfsFiles, type ArchivedFile } from "./initramfs";
import { unpackedModule } from "./packedModules";

/**
 * The programs, libraries and kernel modules of an initial RAM disk as a folder in the cache, made once. Null when the file
 * cannot be read as one, or nothing can be written.
 */
export async function extractedInitramfs(file: string, cache: string, signal?: AbortSignal): Promise<string | null> {
  try {
    if (!(await stat(file)).isFile()) return null;
    const key = await fileFingerprint(file);
    return await extractedFolder(cache, "initramfs", key, (draft) => extract(file, draft, signal));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return null;
  }
}

async function extract(file: string, draft: FolderDraft, signal: AbortSignal | undefined): Promise<void> {
  const inodes = new Set<string>();
  for await (const entry of initramfsFiles(file, signal)) {
    signal?.throwIfAborted();
    if (entry.size > largestFile || inodes.has(entry.inode)) continue;
    const code = await codeOf(entry);
    if (code === null) continue;
    inodes.add(entry.inode);
    if (!(await draft.add(code.name, code.bytes))) break;
  }
}

/** The file when it is ELF, or the module that is compressed in it; else null. */
async function codeOf(entry: ArchivedFile): Promise<{ name: string; bytes: Uint8Array } | null> {
  if (isElf(entry.head)) {
    const bytes = await entry.content();
    return bytes && { name: entry.name, bytes };
  }
  const packed = packedModule.test(entry.name) ? await entry.content() : null;
  if (packed === null) return null;
  const bytes = await unpackedModule(packed, entry.name);
  return bytes && { name: entry.name.replace(packedModule, ".ko"), bytes };
}
