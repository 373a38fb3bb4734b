// `npm test`: everything that proves Bootscope, from a fresh clone. `npm test -- --help` tells the options.
// Only Node's own modules here: the project's dependencies may not be installed yet.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");

/** Whether node_modules holds the versions that package-lock.json names. */
function dependenciesAreInstalled() {
  const installedFile = path.join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === "" || optional === true || installed[name]?.version === version,
  );
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 15)) {
  console.error(`Bootscope's tests need Node 20.15 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
if (!dependenciesAreInstalled()) {
  console.log("→ Install the project's dependencies (npm ci)");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}
const { main } = await import("./runner/main.mjs");
process.exit(await main(process.argv.slice(2)));
