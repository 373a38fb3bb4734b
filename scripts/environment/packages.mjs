// Debian packages that the scripts need on this machine.
import { spawnSync } from "node:child_process";
import { withLock } from "./cache.mjs";
import { run } from "./processes.mjs";
import { step } from "./steps.mjs";

const environment = { DEBIAN_FRONTEND: "noninteractive" };

/** Of these packages, those that are not installed. */
function missingPackages(names) {
  const { stdout, error } = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Abbrev}\n", ...names], {
    encoding: "utf8",
  });
  if (error)
    throw new Error(`This needs a Debian-like system (dpkg-query: ${error.message}). Needed: ${names.join(" ")}`);
  const installed = new Set(
    stdout
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, status]) => status?.startsWith("ii"))
      .map(([name]) => name),
  );
  return names.filter((name) => !installed.has(name));
}

/** How to become root without a question, as the start of a command line; null when there is no way. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n", "--preserve-env=DEBIAN_FRONTEND"] : null;
}

/** Runs apt-get as root, with its last line as progress. */
async function aptGet(prefix, args, update) {
  const [command, ...rest] = [...prefix, "apt-get", "-y", "-q", ...args];
  await run(command, rest, { env: environment, onLine: update });
}

/**
 * Installs Debian packages that are missing.
 *
 * @param {readonly string[]} names
 * @throws {Error} Without root and without a passwordless sudo: names the command to run.
 */
export async function ensurePackages(names) {
  if (missingPackages(names).length === 0) return;
  await withLock("apt", async () => {
    const missing = missingPackages(names);
    if (missing.length === 0) return;
    const prefix = rootPrefix();
    if (prefix === null) {
      throw new Error(
        `Packages are missing and there is no root here. Run:\n    sudo apt-get install ${missing.join(" ")}`,
      );
    }
    await step(`Install ${missing.join(", ")}`, async (update) => {
      await aptGet(prefix, ["update"], update);
      await aptGet(prefix, ["install", "--no-install-recommends", ...missing], update);
    });
  });
}

let listsUpdated = false;

/** Refreshes the package lists once per process; without root it uses those that are there. */
export async function updateLists() {
  if (listsUpdated) return;
  listsUpdated = true;
  const prefix = rootPrefix();
  if (prefix === null) return;
  await withLock("apt", () => step("Refresh the package lists", (update) => aptGet(prefix, ["update"], update)));
}
