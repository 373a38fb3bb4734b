// Newer QEMUs beside the installed one: from Debian's backports, with all that they need, unpacked into the cache. The
// machine's own sources, package lists, libraries and programs stay as they are.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureFolder } from "./cache.mjs";
import { privateApt } from "./privateApt.mjs";
import { run } from "./processes.mjs";

/** Releases of QEMU, and the suites of Debian that have them: the one for libraries first. */
const releases = {
  "10.0": ["bookworm", "bookworm-backports"],
  11.1: ["trixie", "trixie-backports"],
};
const programPackage = "qemu-system-x86";
const program = "qemu-system-x86_64";

async function unpack(folder, suites, update) {
  // As on a machine where nothing is installed: libraries of another Debian come with the C library that they were built for.
  const nothingInstalled = ["-o", "Dir::State::status=/dev/null", "-t", suites[1]];
  const apt = [...(await privateApt(path.join(folder, "apt"), "deb", suites)), ...nothingInstalled];
  await run("apt-get", [...apt, "-q", "update"], { onLine: update });
  const plan = await run("apt-get", [...apt, "--simulate", "--no-install-recommends", "install", programPackage]);
  const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  const downloads = path.join(folder, "packages");
  mkdirSync(downloads);
  await run("apt-get", [...apt, "-q", "download", ...packages], { cwd: downloads, onLine: update });
  for (const file of readdirSync(downloads)) {
    update(`unpacking ${file}`);
    await run("dpkg", ["-x", path.join(downloads, file), path.join(folder, "root")]);
  }
  rmSync(downloads, { recursive: true });
}

/** A script that runs the program with its own libraries and data files, and keeps it from an installed QEMU's sound modules. */
function wrapper(root) {
  const inRoot = (name) => path.join(root, name);
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(inRoot);
  const loader = libraries.map((folder) => path.join(folder, "ld-linux-x86-64.so.2")).find(existsSync);
  if (loader === undefined) throw new Error(`The C library's package left no loader below ${root}.`);
  const data = ["qemu", "seabios"].map((name) => `-L '${inRoot(`usr/share/${name}`)}'`);
  const command = [
    `'${loader}' --inhibit-cache --library-path '${libraries.join(":")}'`,
    `'${inRoot(`usr/bin/${program}`)}'`,
  ];
  return `#!/bin/sh\nexec ${[...command, ...data].join(" ")} -audio none "$@"\n`;
}

/**
 * A QEMU for x86_64 guests that needs nothing of this machine's.
 *
 * @param {"10.0" | "11.1"} release
 * @returns {Promise<string>} The path of a script that takes QEMU's arguments and becomes QEMU.
 */
export async function ensureDebianQemu(release) {
  const suites = releases[release];
  const folder = await ensureFolder(
    `qemu-${release}`,
    `Get QEMU ${release} from ${suites[1]}`,
    async (made, update) => {
      await unpack(made, suites, update);
      writeFileSync(path.join(made, program), wrapper(path.join(made, "root")), { mode: 0o755 });
      await run(path.join(made, program), ["--version"], { onLine: update });
    },
  );
  return path.join(folder, program);
}
