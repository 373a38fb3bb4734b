import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { ElfFile } from "../symbols/elf/elfFile";
import { readBuildId } from "../symbols/elf/notes";
import { inBuildIdFolders } from "./buildIdFolders";

/** Where distributions put debug information that was split off. */
const systemFolder = "/usr/lib/debug";

/**
 * The candidates for a trace's vmlinux, each stripped one after the file with its debug information, and behind them the files
 * that are installed for the build-ids that the trace shows. None is checked against the trace here.
 * @param folders as /usr/lib/debug
 */
export async function withDebugFiles(
  candidates: readonly string[],
  buildIds: readonly string[],
  folders: readonly string[] = [systemFolder],
): Promise<string[]> {
  const linked = await Promise.all(candidates.map((file) => debugFileOf(file, folders)));
  const installed = await existing(buildIds.flatMap((id) => inBuildIdFolders(id, folders)));
  const all = candidates.flatMap((file, index) => [linked[index] ?? file, file]);
  return [...new Set([...all, ...installed])];
}

/** The file with the debug information that was split off an ELF file: by build-id, else by .gnu_debuglink; null for none. */
async function debugFileOf(file: string, folders: readonly string[]): Promise<string | null> {
  const elf = await ElfFile.open(file).catch(() => null);
  if (elf === null) return null;
  try {
    if (elf.section(".debug_info") !== undefined) return null;
    const buildId = await readBuildId(elf);
    const known = (await existing(buildId === null ? [] : inBuildIdFolders(buildId, folders))).at(0);
    if (known !== undefined) return known;
    const link = await readDebugLink(elf);
    if (link === null) return null;
    const folder = path.dirname(path.resolve(file));
    const beside = [folder, path.join(folder, ".debug"), ...folders.map((debug) => path.join(debug, folder))];
    for (const candidate of await existing(beside.map((place) => path.join(place, link.name)))) {
      if (path.resolve(candidate) !== path.resolve(file) && (await checksum(candidate)) === link.crc) return candidate;
    }
    return null;
  } catch {
    return null; // damaged: the one who opens it as an image says so
  } finally {
    await elf.close();
  }
}

/** .gnu_debuglink: a file name, zeros up to a multiple of four, the CRC-32 of the file (binutils' documentation of objcopy). */
async function readDebugLink(elf: ElfFile): Promise<{ name: string; crc: number } | null> {
  const cursor = await elf.cursor(".gnu_debuglink");
  if (cursor === undefined) return null;
  const end = cursor.bytes.indexOf(0);
  const name = Buffer.from(cursor.bytes.subarray(0, Math.max(end, 0))).toString("utf8");
  // A name, no path: it must not lead out of the folders that are looked in.
  if (name === "" || name !== path.basename(name)) return null;
  cursor.position = Math.ceil((end + 1) / 4) * 4;
  return { name, crc: cursor.u32() };
}

async function checksum(file: string): Promise<number> {
  let crc = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) crc = crc32(chunk as Buffer, crc);
  return crc;
}

async function existing(files: readonly string[]): Promise<string[]> {
  const isFile = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (found) => found.isFile(),
        () => false,
      ),
    ),
  );
  return files.filter((_, index) => isFile[index]);
}
