/**
 * When kept files were used last. Their time of access says so, set by hand because file systems need not keep it. Their time of
 * change stays, because files are told from others by it (`fileFingerprint`).
 */
import type { Stats } from "node:fs";
import { stat, utimes } from "node:fs/promises";

/** Marks a kept file or folder as used now. One that cannot be marked is as good. */
export async function touch(kept: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(kept);
    // A whole second: of finer times not each can be set again as it was read.
    await utimes(kept, Date.now() / 1000, Math.floor(mtimeMs / 1000));
  } catch {
    // read-only, or gone meanwhile
  }
}

/** In milliseconds since 1970. */
export const lastUse = ({ atimeMs, mtimeMs }: Stats): number => Math.max(atimeMs, mtimeMs);
