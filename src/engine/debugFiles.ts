import { createReadStream } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { ElfFile } from "../symbols/elf/elfFile";
import { readBuildId } from "../symbols/elf/notes";
import type { DebugSearch } from "./debugSearch";
import { existingFiles } from "./existingFiles";

/** What a trace tells of its kernel. */
export interface KernelIdentity {
  readonly buildIds?: readonly string[];
  /** As `uname -r` says it. */
  readonly release?: string;
}

/**
 * The candidates for a trace's vmlinux: those with debug information first, each stripped one behind the file that has it; then
 * what is installed for the kernel that the trace tells of; then those without. None is checked against the trace here.
 */
export async function withDebugFiles(
  candidates: readonly string[],
  { buildIds = [], release }: KernelIdentity,
  search: DebugSearch,
): Promise<string[]> {
  const described = await Promise.all(candidates.map((file) => describeCandidate(file, search)));
  const installed = await Promise.all(buildIds.map((id) => search.installed(id)));
  const named = release === undefined ? [] : await search.installedKernels(release);
  const complete = described
    .filter(({ debugFile }) => debugFile !== null)
    .flatMap(({ file, debugFile }) => [debugFile ?? file, file]);
  return [...new Set([...complete, ...installed.flat(), ...named, ...candidates])];
}

/** What tells where the debug information of a file is. */
export interface DebugCandidate {
  readonly file: string;
  /** Of an ELF file, where it has one. */
  readonly buildId: string | null;
  /** The file with its debug information: itself, another on this machine, or null. */
  readonly debugFile: string | null;
}

/** Looks for the debug information of a file: in it, by build-id, by .gnu_debuglink. */
export async function describeCandidate(file: string, search: DebugSearch): Promise<DebugCandidate> {
  const elf = await ElfFile.open(file).catch(() => null);
  if (elf === null) return { file, buildId: null, debugFile: null };
  try {
    const buildId = await readBuildId(elf);
    if (elf.section(".debug_info") !== undefined) return { file, buildId, debugFile: file };
    const known = buildId === null ? undefined : (await search.installed(buildId)).at(0);
    return { file, buildId, debugFile: known ?? (await linkedDebugFile(elf, search)) };
  } catch {
    return { file, buildId: null, debugFile: null }; // damaged: the one who opens it as an image says so
  } finally {
    await elf.close();
  }
}

async function linkedDebugFile(elf: ElfFile, search: DebugSearch): Promise<string | null> {
  const link = await readDebugLink(elf);
  if (link === null) return null;
  const folder = path.dirname(path.resolve(elf.path));
  const beside = [folder, path.join(folder, ".debug"), ...search.folders.map((debug) => path.join(debug, folder))];
  for (const candidate of await existingFiles(beside.map((place) => path.join(place, link.name)))) {
    if (path.resolve(candidate) !== path.resolve(elf.path) && (await checksum(candidate)) === link.crc)
      return candidate;
  }
  return null;
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
