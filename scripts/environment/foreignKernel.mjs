// Debian's kernels for guests of other architectures, with their busybox: fetched through a private apt configuration and
// unpacked into the cache.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { foreignApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

/** bookworm has no packages for riscv64. */
const kernels = {
  arm64: { suite: "bookworm", metaPackage: "linux-image-cloud-arm64" },
  riscv64: { suite: "trixie", metaPackage: "linux-image-riscv64" },
};

/** Debian's release that the packages of an architecture are from. */
export const suiteOf = (architecture) => kernels[architecture].suite;

async function unpack(architecture, folder, update) {
  const { suite, metaPackage } = kernels[architecture];
  const apt = await foreignApt(path.join(folder, "apt"), architecture, suite);
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  const depends = await run("apt-cache", [...apt, "depends", metaPackage]);
  const image = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (image === undefined) throw new Error(`The package lists of ${suite} do not know ${metaPackage}.`);
  const downloads = path.join(folder, "packages");
  mkdirSync(downloads);
  await run("apt-get", [...apt, "-q", "download", image, "busybox-static"], { cwd: downloads, onLine: update });
  for (const file of readdirSync(downloads)) {
    update(`unpacking ${file}`);
    await run("dpkg", ["-x", path.join(downloads, file), path.join(folder, "root")]);
  }
  // Modules and packages are most of it, and nobody asks for them.
  for (const unused of ["packages", "root/lib", "root/usr/lib"]) {
    rmSync(path.join(folder, unused), { recursive: true, force: true });
  }
}

/**
 * A kernel that QEMU's `virt` machine boots, and a static busybox for it.
 *
 * @param {"arm64" | "riscv64"} architecture In Debian's words.
 * @returns {Promise<{kernel: string, busybox: string}>}
 */
export async function ensureForeignKernel(architecture) {
  const folder = await ensureFolder(`kernels-${architecture}`, `Get a kernel for ${architecture}`, (target, update) =>
    unpack(architecture, target, update),
  );
  const boot = path.join(folder, "root/boot");
  const name = readdirSync(boot).find((entry) => /^vmlinu[xz]-/.test(entry));
  const busybox = ["usr/bin/busybox", "bin/busybox"].map((file) => path.join(folder, "root", file)).find(existsSync);
  if (name === undefined || busybox === undefined) throw new Error(`Debian's packages for ${architecture} lack files.`);
  return { kernel: path.join(boot, name), busybox };
}
