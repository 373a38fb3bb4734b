// A folder as a kernel developer has it: the source tree with its vmlinux, its bzImage and a recorded boot.
import { cpSync, linkSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureBootTrace } from "./boot.mjs";
import { cachePath, ensureFolder } from "./cache.mjs";
import { ensureKernel } from "./kernel.mjs";
import { run } from "./processes.mjs";

/**
 * The Debian kernel's source tree with `vmlinux`, `arch/x86/boot/bzImage`, `initrd.gz` and `boot.bst` in it. Files are hard
 * links into the cache: read them, replace them, do not write into them.
 *
 * @param {string} purpose Workspaces of different purposes do not see each other's changes.
 * @returns {Promise<{folder: string, trace: string, vmlinux: string, initrd: string}>}
 */
export async function ensureKernelWorkspace(purpose) {
  const kernel = await ensureKernel();
  const recorded = await ensureBootTrace();
  const name = `workspaces/${purpose}-${path.basename(kernel.folder)}`;
  const tree = path.basename(kernel.source);
  const parent = await ensureFolder(name, "Lay out the kernel workspace", async (target) => {
    await run("cp", ["-al", kernel.source, target]);
    const inTree = (file) => path.join(target, tree, file);
    mkdirSync(inTree("arch/x86/boot"), { recursive: true });
    linkSync(kernel.vmlinuz, inTree("arch/x86/boot/bzImage"));
    linkSync(kernel.vmlinux, inTree("vmlinux"));
    linkSync(kernel.initrd, inTree("initrd.gz"));
  });
  const folder = path.join(parent, tree);
  const trace = path.join(folder, "boot.bst");
  rmSync(trace, { force: true });
  linkSync(recorded, trace);
  return { folder, trace, vmlinux: path.join(folder, "vmlinux"), initrd: path.join(folder, "initrd.gz") };
}

/** A copy of the folder with the sample, to open as a workspace: the clone stays as it is. */
export function layOutSample(sample) {
  const folder = cachePath("workspaces", "sample");
  cpSync(sample, folder, { recursive: true, preserveTimestamps: true });
  return { folder, trace: path.join(folder, "boot.bst") };
}

/** The workspace of tests, without what earlier tests left in it. */
export async function ensureTestWorkspace() {
  const workspace = await ensureKernelWorkspace("test");
  for (const left of [".bootscope", ".vscode"])
    rmSync(path.join(workspace.folder, left), { recursive: true, force: true });
  return workspace;
}
