// The project's own npm dependencies. Only Node's modules here: this runs before anything is installed.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "./processes.mjs";
import { step } from "./steps.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/** Whether node_modules holds the versions that package-lock.json names. */
function areInstalled() {
  const installedFile = path.join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === "" || optional === true || installed[name]?.version === version,
  );
}

/** Installs the project's dependencies when they are missing or not those of the lock file. */
export async function ensureDependencies() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 15)) {
    throw new Error(`Bootscope needs Node 20.15 or newer; this is ${process.versions.node}.`);
  }
  if (areInstalled()) return;
  await step("Install the project's dependencies (npm ci)", (update) =>
    run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, onLine: update, timeout: 600_000 }),
  );
}
