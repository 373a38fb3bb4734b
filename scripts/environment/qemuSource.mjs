// QEMU's source as Debian has it: its own simpletrace.py, which tests compare with, and its contrib plugins.
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { ensurePackages } from "./packages.mjs";
import { privateApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

const suite = "bookworm";

async function unpack(folder, update) {
  await ensurePackages(["dpkg-dev"]);
  const apt = await privateApt(path.join(folder, "apt"), "deb-src", [suite]);
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  await run("apt-get", [...apt, "-q", "source", "--download-only", "qemu"], { cwd: folder, onLine: update });
  const description = readdirSync(folder).find((name) => name.endsWith(".dsc"));
  if (description === undefined) throw new Error(`apt-get source left no .dsc in ${folder}`);
  update(`unpacking ${description}`);
  await run("dpkg-source", ["--no-check", "-x", description, "source"], { cwd: folder, onLine: update });
  for (const name of readdirSync(folder)) {
    if (/\.(tar\.\w+|dsc)$/.test(name)) rmSync(path.join(folder, name));
  }
}

/**
 * The source of the QEMU that bookworm has, with Debian's changes.
 *
 * @returns {Promise<string>} The root of the tree; `scripts/simpletrace.py` and `contrib/plugins` are below it.
 */
export async function ensureQemuSource() {
  const folder = await ensureFolder("qemu-source", "Get QEMU's source", unpack);
  return path.join(folder, "source");
}
