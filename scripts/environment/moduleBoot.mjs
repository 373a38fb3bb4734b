// A boot that loads kernel modules, replaces one by another at the same address, mounts a disk and runs small programs.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureCli, qemuVersion, recorderHash } from "./boot.mjs";
import { ensureFolder } from "./cache.mjs";
import { makeInitrd } from "./initrd.mjs";
import { ensureKernel } from "./kernel.mjs";
import { ensurePackages } from "./packages.mjs";
import { run } from "./processes.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const workerSource = path.join(root, "test/support/guest/worker.c");

/** In the order in which they can be loaded. */
const modules = [
  "drivers/virtio/virtio_ring",
  "drivers/virtio/virtio",
  "drivers/virtio/virtio_pci_legacy_dev",
  "drivers/virtio/virtio_pci_modern_dev",
  "drivers/virtio/virtio_pci",
  "drivers/block/virtio_blk",
];
/** Loaded one after the other into the same place. */
const replaced = ["crypto/rmd160", "crypto/wp512"];

const moduleFile = (name) => `lib/${path.basename(name)}.ko`;

/** Between two marks the guest says by itself where everything is: what tests compare with. */
const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
${modules.map((name) => `insmod /${moduleFile(name)}`).join("\n")}
${replaced
  .map(
    (name) => `insmod /${moduleFile(name)}
echo "REPLACED $(grep '^${path.basename(name)} ' /proc/modules)"
rmmod ${path.basename(name)}`,
  )
  .join("\n")}
mount -t ext4 /dev/vda /mnt
cp /bin/busybox /mnt/copy && sync && md5sum /mnt/copy
umount /mnt
/bin/worker fixed
/bin/worker-pie moved
/bin/worker-pie moved-again
echo MODULES-BEGIN
cat /proc/modules
echo MODULES-END
echo "KERNEL $(grep ' _text$' /proc/kallsyms) $(grep 'Kernel code' /proc/iomem)"
echo BOOT-DONE
poweroff -f
`;

/**
 * @typedef {object} ModuleBoot
 * @property {string} kernel
 * @property {string} vmlinux
 * @property {string} initrd
 * @property {string} disk An ext4 image for virtio.
 * @property {string} worker With symbols, at its link address.
 * @property {string} workerPie With symbols, position independent.
 */

/** What the boot needs. @returns {Promise<ModuleBoot>} */
export async function ensureModuleGuest() {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "cpio", "e2fsprogs"]);
  const kernel = await ensureKernel();
  const hash = createHash("sha256").update(readFileSync(workerSource)).update(initScript).digest("hex").slice(0, 12);
  const folder = await ensureFolder(
    `boots/modules-${kernel.release}-${hash}`,
    "Make a guest with modules",
    async (target) => {
      const [worker, workerPie] = [path.join(target, "worker"), path.join(target, "worker-pie")];
      await run("gcc", ["-O2", "-g", "-static", "-o", worker, workerSource]);
      await run("gcc", ["-O2", "-g", "-static-pie", "-o", workerPie, workerSource]);
      const tree = path.join(kernel.folder, "lib/modules", kernel.release, "kernel");
      const files = Object.fromEntries(
        [...modules, ...replaced].map((name) => [moduleFile(name), path.join(tree, `${name}.ko`)]),
      );
      const content = {
        busybox: path.join(kernel.folder, "bin/busybox"),
        init: initScript,
        files: { ...files, "bin/worker": worker, "bin/worker-pie": workerPie },
      };
      makeInitrd(content, path.join(target, "initrd.gz"));
      const disk = path.join(target, "disk.img");
      writeFileSync(disk, new Uint8Array(16 << 20));
      await run("mkfs.ext4", ["-q", "-F", disk]);
    },
  );
  const file = (name) => path.join(folder, name);
  return {
    kernel: kernel.vmlinuz,
    vmlinux: kernel.vmlinux,
    initrd: file("initrd.gz"),
    disk: file("disk.img"),
    worker: file("worker"),
    workerPie: file("worker-pie"),
  };
}

/** QEMU's arguments for the disk and a console in a file; what the guest writes to the disk is forgotten. */
export const moduleGuestArguments = (guest, console) => [
  ...["-drive", `file=${guest.disk},if=virtio,format=raw,snapshot=on`],
  ...["-serial", `file:${console}`, "-monitor", "none"],
];

/**
 * A recording of that boot with KASLR on, and what the guest said.
 *
 * @returns {Promise<ModuleBoot & { trace: string, console: string }>}
 */
export async function ensureModuleBoot() {
  const guest = await ensureModuleGuest();
  const cli = await ensureCli();
  const name = `${path.basename(path.dirname(guest.initrd))}-qemu-${await qemuVersion()}-${recorderHash()}`;
  const folder = await ensureFolder(`boots/${name}`, "Record a boot that loads modules", (target, update) =>
    run(
      process.execPath,
      [
        cli,
        "record",
        ...["--kernel", guest.kernel, "--initrd", guest.initrd, "--vmlinux", guest.vmlinux],
        ...["--append", "console=ttyS0 panic=-1 quiet", "--timeout", "300", "-o", path.join(target, "boot.bst"), "--"],
        ...moduleGuestArguments(guest, path.join(target, "console.txt")),
      ],
      { onLine: update, timeout: 330_000 },
    ),
  );
  return { ...guest, trace: path.join(folder, "boot.bst"), console: path.join(folder, "console.txt") };
}
