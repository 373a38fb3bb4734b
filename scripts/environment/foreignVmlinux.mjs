// The vmlinux with debug information of Debian's kernels for other architectures: of the same packages as `ensureForeignKernel`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { ensureForeignKernel, suiteOf } from "./foreignKernel.mjs";
import { ensurePackages } from "./packages.mjs";
import { foreignApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

/** Unpacks one file of a package, and reads no further: a kernel's debug package has nine gigabytes of modules behind it. */
async function unpackOne(archive, member, folder) {
  const contents = spawn("dpkg-deb", ["--fsys-tarfile", archive], { stdio: ["ignore", "pipe", "ignore"] });
  const unpacking = spawn("tar", ["-x", "--occurrence=1", "-C", folder, member], {
    stdio: [contents.stdout, "ignore", "inherit"],
  });
  const [code] = await once(unpacking, "close");
  contents.stdout.destroy();
  contents.kill();
  if (code !== 0) throw new Error(`${archive} does not hold ${member}`);
}

async function unpack(architecture, release, folder, update) {
  const apt = await foreignApt(path.join(folder, "apt"), architecture, suiteOf(architecture));
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  const downloads = path.join(folder, "packages");
  mkdirSync(downloads);
  await run("apt-get", [...apt, "-q", "download", `linux-image-${release}-dbg`], { cwd: downloads, onLine: update });
  const [archive] = readdirSync(downloads);
  update(`unpacking ${archive}`);
  await unpackOne(path.join(downloads, archive), `./usr/lib/debug/boot/vmlinux-${release}`, folder);
  for (const unused of ["packages", "apt"]) rmSync(path.join(folder, unused), { recursive: true });
}

/**
 * The vmlinux of `ensureForeignKernel`'s kernel. Its package is large: 260 MB for arm64, 1 GB for riscv64.
 *
 * @param {"arm64" | "riscv64"} architecture In Debian's words.
 * @returns {Promise<string>} Its path.
 */
export async function ensureForeignVmlinux(architecture) {
  await ensurePackages(["tar", "xz-utils"]);
  const { kernel } = await ensureForeignKernel(architecture);
  const release = path.basename(kernel).replace(/^vmlinu[xz]-/, "");
  const folder = await ensureFolder(
    `kernels-${architecture}-debug/${release}`,
    `Get the debug symbols of Linux ${release} for ${architecture}`,
    (target, update) => unpack(architecture, release, target, update),
  );
  return path.join(folder, `usr/lib/debug/boot/vmlinux-${release}`);
}
