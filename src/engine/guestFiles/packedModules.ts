import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { compressionOf } from "../../compression/compressions";
import { unpackBytes } from "../../compression/unpackBytes";
import { BootscopeError } from "../../protocol/failure";
import { isElf, packedModule, type CodeFile } from "./codeFiles";
import { extractedFolder, largestFile, type FolderDraft } from "./extractedFolder";

/**
 * Code files with those that are compressed modules unpacked, in a folder of the cache that is made once. Modules that cannot be
 * unpacked are left out; all of them, when nothing can be written.
 */
export async function withUnpackedModules(
  files: readonly CodeFile[],
  cache: string,
  signal?: AbortSignal,
): Promise<CodeFile[]> {
  const packed = files.filter((file) => packedModule.test(file.path));
  if (packed.length === 0) return [...files];
  const folder = await unpackedFolder(packed, cache, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return null;
  });
  const paths = new Map(packed.map((file, index) => [file, folder && path.join(folder, unpackedName(file, index))]));
  const exists = async (file: string | null): Promise<boolean> =>
    file !== null && (await stat(file).catch(() => null)) !== null;
  const there = await Promise.all(files.map((file) => exists(paths.get(file) ?? file.path)));
  return files.flatMap((file, index) => {
    const unpacked = paths.get(file);
    if (unpacked === undefined) return [file];
    return unpacked === null || !there[index] ? [] : [{ ...file, path: unpacked }];
  });
}

/** The module in a compressed file; null when it is damaged, too large or none. */
export async function unpackedModule(packed: Uint8Array, name: string): Promise<Uint8Array | null> {
  try {
    const unpack = compressionOf(packed, name);
    const bytes = unpack === null ? packed : await unpackBytes(packed, unpack, largestFile);
    return bytes !== null && isElf(bytes) ? bytes : null;
  } catch (error) {
    if (error instanceof BootscopeError) return null;
    throw error;
  }
}

async function unpackedFolder(packed: readonly CodeFile[], cache: string, signal?: AbortSignal): Promise<string> {
  const prints = await Promise.all(
    packed.map(async (file) => {
      const { size, mtimeMs } = await stat(file.path);
      return `${file.path}\0${size}\0${mtimeMs}`;
    }),
  );
  return extractedFolder(cache, "modules", prints.join("\n"), async (draft: FolderDraft) => {
    for (const [index, file] of packed.entries()) {
      signal?.throwIfAborted();
      if ((await stat(file.path)).size > largestFile) continue;
      const bytes = await unpackedModule(await readFile(file.path), file.path);
      if (bytes !== null && !(await draft.add(unpackedName(file, index), bytes))) break;
    }
  });
}

/** Two folders may have modules of one name. */
const unpackedName = (file: CodeFile, index: number): string =>
  `${index}/${path.basename(file.path).replace(packedModule, ".ko")}`;
