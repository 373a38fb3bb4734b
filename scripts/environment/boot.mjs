// Recordings of the real kernel's boot, made once by the CLI and kept in the cache.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { ensureKernel } from "./kernel.mjs";
import { ensurePackages } from "./packages.mjs";
import { run } from "./processes.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/** A hash of the recorder's source: another recorder makes another recording. */
export function recorderHash() {
  const folder = path.join(root, "recorder");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    if (/\.[ch]$/.test(name)) hash.update(name).update(readFileSync(path.join(folder, name)));
  }
  return hash.digest("hex").slice(0, 12);
}

/** The release of the QEMU that records. */
export async function qemuVersion() {
  const version = await run("qemu-system-x86_64", ["--version"]);
  return /version (\S+)/.exec(version)?.[1] ?? "unknown";
}

/** The command line interface, built when it is not there. */
export async function ensureCli() {
  const cli = path.join(root, "dist/cli.js");
  if (!existsSync(cli)) await run(process.execPath, [path.join(root, "scripts/build.mjs")], { cwd: root });
  return cli;
}

/**
 * A recording of the Debian kernel's whole boot.
 *
 * @param {object} [options]
 * @param {"deterministic" | "fast"} [options.preset]
 * @returns {Promise<string>} The path of the `.bst` file.
 */
export async function ensureBootTrace({ preset = "deterministic" } = {}) {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev"]);
  const kernel = await ensureKernel();
  const name = `boots/${kernel.release}-qemu-${await qemuVersion()}-${recorderHash()}-${preset}`;
  const cli = await ensureCli();
  const folder = await ensureFolder(name, `Record a ${preset} boot of Linux ${kernel.release}`, (target, update) =>
    run(
      process.execPath,
      [
        cli,
        "record",
        ...["--kernel", kernel.vmlinuz, "--initrd", kernel.initrd, "--vmlinux", kernel.vmlinux, "--preset", preset],
        ...["--timeout", "300", "-o", path.join(target, "boot.bst")],
      ],
      { onLine: update, timeout: 330_000 },
    ),
  );
  return path.join(folder, "boot.bst");
}
