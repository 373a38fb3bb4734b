// apt with sources and package lists of its own: the machine's stay as they are.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./processes.mjs";

/** The Debian mirror that this machine gets its packages from, as its own apt configuration says. */
async function mirror() {
  const targets = await run("apt-get", ["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(ORIGIN)"]);
  const found = targets.split("\n").find((line) => /\/debian\/? .*Debian$/.test(line));
  if (found === undefined) throw new Error("This needs a Debian mirror in apt's sources.");
  return found.split(" ")[0];
}

/**
 * Options that make apt-get use only the folder's sources and lists, which an `update` with them fills.
 *
 * @param {string} folder
 * @param {"deb" | "deb-src"} kind Binary or source packages.
 * @param {readonly string[]} suites
 */
export async function privateApt(folder, kind, suites) {
  for (const name of ["lists/partial", "sources", "cache/archives/partial"]) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  const uri = await mirror();
  const lines = suites.map((suite) => `${kind} ${uri} ${suite} main\n`);
  writeFileSync(path.join(folder, "sources/bookworm.list"), lines.join(""));
  return Object.entries({
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": path.join(folder, "sources"),
    "Dir::State::Lists": path.join(folder, "lists"),
    "Dir::Cache": path.join(folder, "cache"),
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** As `privateApt`, for binary packages of another architecture, in Debian's words. */
export async function foreignApt(folder, architecture, suite) {
  const options = ["Architecture", "Architectures"].flatMap((name) => ["-o", `APT::${name}=${architecture}`]);
  return [...(await privateApt(folder, "deb", [suite])), ...options];
}
