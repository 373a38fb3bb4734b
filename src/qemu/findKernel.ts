/** Finds kernel images that QEMU can boot, where kernel builds and distributions put them. */
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";

/** A bootable kernel image on disk. */
export interface KernelImage {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Folders below a workspace that a kernel may have been built into (`make O=build`). */
const buildFolders = [".", "build", "out"] as const;
/** Images of a build, by architecture: x86, arm64 and riscv, then arm. */
const builtImages = ["bzImage", "Image", "Image.gz", "zImage"] as const;

/**
 * The kernel images of a folder, newest first: `arch/<name>/boot/{bzImage,Image,Image.gz,zImage}` of a build tree (also one in
 * `build` or `out`), `vmlinuz*` at the top or in `boot`, and, only where there is none of these, `vmlinux`.
 * Looks at a fixed handful of folders and never searches a tree; what cannot be read is not there.
 */
export async function findKernels(folder: string): Promise<KernelImage[]> {
  const packed = await Promise.all([
    ...buildFolders.map((build) => imagesOfBuild(path.join(folder, build))),
    ...[".", "boot"].map(async (sub) =>
      (await names(path.join(folder, sub)))
        .filter((name) => /^vmlinuz/.test(name))
        .map((name) => path.join(folder, sub, name)),
    ),
  ]);
  const images = await existing(packed.flat());
  return images.length > 0 ? images : existing(buildFolders.map((build) => path.join(folder, build, "vmlinux")));
}

async function imagesOfBuild(build: string): Promise<string[]> {
  const architectures = await names(path.join(build, "arch"));
  return architectures.flatMap((name) => builtImages.map((image) => path.join(build, "arch", name, "boot", image)));
}

/** The files among these, each once (`arch/x86_64/boot/bzImage` is a link to x86's: the first one counts), newest first. */
async function existing(files: readonly string[]): Promise<KernelImage[]> {
  const byTarget = new Map<string, KernelImage>();
  for (const file of files) {
    const found = await statFile(file);
    if (found !== undefined && !byTarget.has(found.target)) byTarget.set(found.target, found.image);
  }
  return [...byTarget.values()].sort((a, b) => b.modified - a.modified || (a.path < b.path ? -1 : 1));
}

async function statFile(file: string): Promise<{ target: string; image: KernelImage } | undefined> {
  try {
    const target = await realpath(file);
    const status = await stat(target);
    return status.isFile() ? { target, image: { path: file, modified: status.mtimeMs } } : undefined;
  } catch {
    return undefined;
  }
}

/** Names in a folder, sorted; none when it cannot be read. */
async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}
