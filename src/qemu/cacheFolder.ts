/** The folder for things that can be made again: `$XDG_CACHE_HOME/bootscope`, else `~/.cache/bootscope`. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";

export function cacheFolder(): string {
  const given = process.env["XDG_CACHE_HOME"];
  const base = given === undefined || given === "" ? path.join(homedir(), ".cache") : given;
  return path.join(base, "bootscope");
}

/**
 * A file of the cache. When it is not there, `make` writes it under another name and it is renamed: processes that need it
 * at the same time each make their own, and none sees half a file.
 * @param name relative to the cache folder; part of it says of which version the content is
 * @throws BootscopeError `unwritable`, and what `make` throws
 */
export async function cachedFile(name: string, make: (draft: string) => Promise<void>): Promise<string> {
  const file = path.join(cacheFolder(), name);
  if ((await stat(file).catch(() => undefined))?.isFile() === true) return file;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
  } catch (cause) {
    const message = `The cache folder ${path.dirname(file)} cannot be made.`;
    throw new BootscopeError("unwritable", message, "Set XDG_CACHE_HOME to a folder that can be written to.", {
      cause,
    });
  }
  try {
    await make(draft);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}
