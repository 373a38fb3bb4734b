// A kernel of a tiny configuration, built from Debian's source with gcc: with the ELF files of its boot code, which no package has.
import path from "node:path";
import { cpus } from "node:os";
import { rmSync } from "node:fs";
import { ensureFolder } from "./cache.mjs";
import { ensureKernel } from "./kernel.mjs";
import { ensurePackages } from "./packages.mjs";
import { run } from "./processes.mjs";

/** Two processors (which ACPI tells of), a console on the serial port, and where the boot code's parts are found. */
const options = [
  ...["64BIT", "SMP", "PCI", "ACPI", "PRINTK", "TTY", "SERIAL_8250", "SERIAL_8250_CONSOLE", "EARLY_PRINTK"],
  ...["KALLSYMS", "KALLSYMS_ALL", "BUG"],
];

/**
 * @typedef {object} TinyKernel
 * @property {string} kernel The bzImage.
 * @property {string} vmlinux In its build folder, where its boot code is too.
 * @property {string} setup setup.elf, the real-mode setup.
 * @property {string} decompressor
 * @property {string} trampoline realmode.elf
 */

/** @returns {Promise<TinyKernel>} */
export async function ensureTinyKernel() {
  const { source, release } = await ensureKernel();
  await ensurePackages(["gcc", "make", "flex", "bison", "bc"]);
  const folder = await ensureFolder(
    `kernels-tiny/${release}`,
    `Build a tiny Linux ${release}`,
    async (target, update) => {
      // Built beside the source, which stays as it is.
      const make = (...args) =>
        run("make", ["-C", source, `O=${target}`, `-j${cpus().length}`, ...args], {
          onLine: update,
          timeout: 1_800_000,
        });
      await make("tinyconfig");
      const enabled = options.flatMap((name) => ["-e", name]);
      await run(path.join(source, "scripts/config"), ["--file", path.join(target, ".config"), ...enabled]);
      await make("olddefconfig");
      await make("bzImage");
      for (const unused of ["drivers", "fs", "kernel", "mm", "lib", "net", "block", "security", "vmlinux.o"]) {
        rmSync(path.join(target, unused), { recursive: true, force: true });
      }
    },
  );
  const file = (name) => path.join(folder, name);
  return {
    kernel: file("arch/x86/boot/bzImage"),
    vmlinux: file("vmlinux"),
    setup: file("arch/x86/boot/setup.elf"),
    decompressor: file("arch/x86/boot/compressed/vmlinux"),
    trampoline: file("arch/x86/realmode/rm/realmode.elf"),
  };
}
