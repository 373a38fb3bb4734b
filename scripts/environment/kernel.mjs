// A real kernel with debug symbols and its source: Debian's cloud kernel, unpacked into the cache without being installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { cachePath, ensureFolder, isComplete } from "./cache.mjs";
import { makeInitrd } from "./initrd.mjs";
import { ensurePackages, updateLists } from "./packages.mjs";
import { run } from "./processes.mjs";

/**
 * @typedef {object} Kernel
 * @property {string} release As `uname -r` says it.
 * @property {string} folder Holds all of the files below.
 * @property {string} vmlinuz What QEMU boots.
 * @property {string} vmlinux The same kernel as ELF with DWARF.
 * @property {string} systemMap
 * @property {string} source The source tree.
 * @property {string} initrd Prints BOOT-DONE and powers off.
 */

const metaPackage = "linux-image-cloud-amd64";

/** Mounts what a program would want, says that user space is up, and ends. */
const initScript = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox echo BOOT-DONE
/bin/busybox poweroff -f
`;

const aptCache = (...args) => {
  const { stdout, error } = spawnSync("apt-cache", args, { encoding: "utf8" });
  if (error) throw new Error(`A Debian kernel needs apt (apt-cache: ${error.message}).`);
  return stdout;
};

/** The current kernel's release and package version as the package lists have them; null when they do not know it. */
function currentKernel() {
  const release = /Depends: linux-image-(\S+)/.exec(aptCache("depends", metaPackage))?.[1];
  if (release === undefined) return null;
  const version = /^Version: (\S+)/m.exec(aptCache("show", "--no-all-versions", `linux-image-${release}`))?.[1];
  return version === undefined ? null : { release, version };
}

const folderName = ({ release, version }) => `kernels/${release}_${version}`;

/** Downloads packages into the cache (those that are there are not fetched again) and returns their files. */
async function download(names, update) {
  const folder = cachePath("debian-kernel", "dl");
  mkdirSync(folder, { recursive: true });
  await run("apt-get", ["download", "-q", ...names], { cwd: folder, onLine: update });
  return names.map((name) => {
    const version = /^Version: (\S+)/m.exec(aptCache("show", "--no-all-versions", name))?.[1] ?? "";
    const start = `${name}_${version.replaceAll(":", "%3a")}_`;
    const file = readdirSync(folder).find((entry) => entry.startsWith(start));
    if (file === undefined) throw new Error(`apt-get download left no ${start}*.deb in ${folder}`);
    return path.join(folder, file);
  });
}

/** @returns {Kernel} */
function describe(folder, release) {
  const sources = path.join(folder, "usr/src");
  const tree = readdirSync(sources, { withFileTypes: true }).find((entry) => entry.isDirectory());
  return {
    release,
    folder,
    vmlinuz: path.join(folder, `boot/vmlinuz-${release}`),
    vmlinux: path.join(folder, `usr/lib/debug/boot/vmlinux-${release}`),
    systemMap: path.join(folder, `usr/lib/debug/boot/System.map-${release}`),
    source: path.join(sources, tree?.name ?? ""),
    initrd: path.join(folder, "initrd.gz"),
  };
}

async function unpack(release, folder, update) {
  const series = /^\d+\.\d+/.exec(release)?.[0];
  const names = [`linux-image-${release}`, `linux-image-${release}-dbg`, `linux-source-${series}`, "busybox-static"];
  const files = await download(names, update);
  for (const file of files) {
    update(`unpacking ${path.basename(file)}`);
    await run("dpkg", ["-x", file, folder]);
  }
  const sources = path.join(folder, "usr/src");
  const archive = path.join(sources, `linux-source-${series}.tar.xz`);
  update("unpacking the kernel source");
  await run("tar", ["-xf", archive, "-C", sources]);
  rmSync(archive);
  update("making the initrd");
  makeInitrd({ busybox: path.join(folder, "bin/busybox"), init: initScript }, path.join(folder, "initrd.gz"));
  for (const file of Object.values(describe(folder, release)).slice(1)) {
    if (!existsSync(file)) throw new Error(`Debian's packages of ${release} do not hold ${file}`);
  }
}

/**
 * Debian's current cloud kernel: image, debug symbols, source and an initrd. Several versions may be in the cache.
 *
 * @returns {Promise<Kernel>}
 */
export async function ensureKernel() {
  let kernel = currentKernel();
  if (kernel === null || !isComplete(folderName(kernel))) {
    await ensurePackages(["cpio", "xz-utils"]);
    await updateLists();
    kernel = currentKernel();
  }
  if (kernel === null) {
    throw new Error(`The package lists do not know ${metaPackage}. Run:\n    sudo apt-get update`);
  }
  const { release } = kernel;
  const folder = await ensureFolder(
    folderName(kernel),
    `Get Linux ${release} with debug symbols and source (450 MB)`,
    (target, update) => unpack(release, target, update),
  );
  return describe(folder, release);
}
