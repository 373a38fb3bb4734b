// A newer QEMU beside the installed one: bookworm-backports, fetched through a private apt configuration and unpacked into
// the cache. The machine's own sources, package lists and programs stay as they are.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cachePath, ensureFolder } from "./cache.mjs";
import { privateApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

const suites = ["bookworm", "bookworm-backports"];
const programPackage = "qemu-system-x86";
/** What it needs at run time besides shared libraries. */
const dataPackages = ["qemu-system-data", "seabios", "ipxe-qemu"];

/** Packages that an installation would bring or upgrade: apt's own answer to which libraries are lacking here. */
async function neededPackages(apt) {
  const plan = await run("apt-get", [
    ...apt,
    ...["--simulate", "--no-install-recommends", "-t", suites[1], "install", programPackage],
  ]);
  const upgrades = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  return [...new Set([programPackage, ...dataPackages, ...upgrades])];
}

async function unpack(folder, update) {
  const apt = await privateApt(path.join(folder, "apt"), "deb", suites);
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  const downloads = path.join(folder, "packages");
  mkdirSync(downloads);
  await run("apt-get", [...apt, "-q", "-t", suites[1], "download", ...(await neededPackages(apt))], {
    cwd: downloads,
    onLine: update,
  });
  for (const file of readdirSync(downloads)) {
    update(`unpacking ${file}`);
    await run("dpkg", ["-x", path.join(downloads, file), path.join(folder, "root")]);
  }
}

/** The program, through a script that shows it the unpacked libraries where the system lacks some. */
function programOf(folder) {
  const root = path.join(folder, "root");
  const program = path.join(root, "usr/bin/qemu-system-x86_64");
  if (!existsSync(program)) throw new Error(`${programPackage} of ${suites[1]} does not hold ${program}`);
  if (!/not found/.test(spawnSync("ldd", [program], { encoding: "utf8" }).stdout)) return program;
  const script = path.join(folder, "qemu-system-x86_64");
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map((name) => path.join(root, name)).join(":");
  writeFileSync(script, `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${program}' "$@"\n`, { mode: 0o755 });
  return script;
}

/**
 * QEMU 10.0 for x86_64 guests.
 *
 * @returns {Promise<{qemu: string, arguments: string[]}>} The program, and the arguments that show it its data files and keep
 *   it from the sound modules of an installed QEMU, which end it.
 */
export async function ensureQemuBackports() {
  const name = "qemu-backports";
  const folder = await ensureFolder(name, "Get QEMU from bookworm-backports", unpack);
  const data = ["qemu", "seabios"].flatMap((part) => ["-L", cachePath(name, "root/usr/share", part)]);
  return { qemu: programOf(folder), arguments: [...data, "-audio", "none"] };
}
