// The cache folder of scripts: each entry is made once, whole or not at all, by one process at a time.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { step } from "./steps.mjs";

/** A path inside the cache folder: `$XDG_CACHE_HOME/bootscope`, else `~/.cache/bootscope`. */
export function cachePath(...parts) {
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache");
  return path.join(base, "bootscope", ...parts);
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** Takes the lock file, or removes it when its owner is dead. Returns the owner's pid when somebody else has it. */
function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return process.pid;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  let owner = NaN;
  try {
    owner = Number.parseInt(readFileSync(file, "utf8"), 10);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return 0;
  }
  if (Number.isInteger(owner) && isAlive(owner)) return owner;
  // Renamed first, so that of two processes that find the same dead lock only one removes it.
  const grave = `${file}.${process.pid}`;
  try {
    renameSync(file, grave);
    rmSync(grave, { force: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return 0;
}

/** Does the work while no other process does work under the same name. */
export async function withLock(name, work) {
  const file = cachePath("locks", `${name.replaceAll("/", "_")}.lock`);
  mkdirSync(path.dirname(file), { recursive: true });
  let waitedFor = 0;
  for (;;) {
    const owner = tryLock(file);
    if (owner === process.pid) break;
    if (owner !== 0 && owner !== waitedFor) console.log(`  waiting for process ${owner}, which works on ${name}`);
    if (owner !== 0) waitedFor = owner;
    await sleep(owner === 0 ? 10 : 500);
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

/** Whether `ensureFolder` has built this folder. */
export const isComplete = (name) => existsSync(cachePath(name, ".complete"));

/**
 * A folder of the cache that is built once. A build that was interrupted leaves no marker and is done again from nothing.
 *
 * @param {string} name The folder, relative to the cache; part of it says of which version the content is.
 * @param {string} title What is done when it is missing, for the person waiting.
 * @param {(folder: string, update: (detail: string) => void) => Promise<void>} build Fills the empty folder.
 * @returns {Promise<string>} The folder.
 */
export async function ensureFolder(name, title, build) {
  const folder = cachePath(name);
  if (isComplete(name)) return folder;
  return withLock(name, async () => {
    if (isComplete(name)) return folder;
    await step(title, async (update) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await build(folder, update);
      writeFileSync(path.join(folder, ".complete"), `${new Date().toISOString()}\n`);
    });
    return folder;
  });
}
