// The plugin interface's header of the QEMU that bookworm-backports has, out of its source package.
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { ensurePackages } from "./packages.mjs";
import { privateApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

const suite = "bookworm-backports";
const header = "include/qemu/qemu-plugin.h";

async function unpack(folder, update) {
  await ensurePackages(["dpkg-dev", "xz-utils"]);
  const apt = await privateApt(path.join(folder, "apt"), "deb-src", [suite]);
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  await run("apt-get", [...apt, "-q", "source", "--download-only", "--tar-only", "qemu"], {
    cwd: folder,
    onLine: update,
  });
  const archive = readdirSync(folder).find((name) => /\.orig\.tar\.xz$/.test(name));
  if (archive === undefined) throw new Error(`apt-get source left no archive in ${folder}`);
  update(`unpacking ${header}`);
  await run("tar", ["-xJf", archive, "--strip-components=1", "--wildcards", `*/${header}`], { cwd: folder });
  for (const name of readdirSync(folder)) {
    if (/\.(tar\.\w+|dsc)$/.test(name)) rmSync(path.join(folder, name));
  }
}

/**
 * The header of plugin interface 4 (QEMU 10.0).
 *
 * @returns {Promise<string>} Its path.
 */
export async function ensureQemu10PluginHeader() {
  return path.join(await ensureFolder("qemu-10-header", "Get QEMU 10's plugin header", unpack), header);
}
