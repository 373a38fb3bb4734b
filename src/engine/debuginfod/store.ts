import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { lastUse, touch } from "../lastUse";

/** What a debuginfod server has of a build-id: the file itself, or the one with its debug information. */
export type DebuginfodKind = "debuginfo" | "executable";

/** For so long a server that did not have a file is not asked for it again. */
export const missingForMs = 3_600_000;
/** A part that nobody writes to any more: its process ended. */
const abandonedMs = 24 * 3_600_000;

/** Downloaded files, in folders by build-id. Those that were not used for longest go when there are too many. */
export class DownloadStore {
  constructor(
    private readonly folder: string,
    readonly maximumBytes: number,
  ) {}

  /** The file when it is there; it counts as used now. */
  async find(buildId: string, kind: DebuginfodKind): Promise<string | null> {
    const file = this.#path(buildId, kind);
    if ((await stat(file).catch(() => null))?.isFile() !== true) return null;
    await touch(file);
    return file;
  }

  /** A name for a new file to be written before it is `keep`t; its folder exists. */
  async draft(buildId: string, kind: DebuginfodKind): Promise<string> {
    const file = this.#path(buildId, kind);
    await mkdir(path.dirname(file), { recursive: true });
    return `${file}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
  }

  async keep(draft: string, buildId: string, kind: DebuginfodKind): Promise<string> {
    const file = this.#path(buildId, kind);
    await rename(draft, file);
    await touch(file);
    await this.#trim(path.dirname(file));
    return file;
  }

  /** Remembers that a server does not have a file. */
  async noteMissing(server: string, buildId: string, kind: DebuginfodKind): Promise<void> {
    const note = this.#missing(server, buildId, kind);
    await mkdir(path.dirname(note), { recursive: true });
    await writeFile(note, "");
  }

  async isMissing(server: string, buildId: string, kind: DebuginfodKind): Promise<boolean> {
    const note = await stat(this.#missing(server, buildId, kind)).catch(() => null);
    return note !== null && Date.now() - note.mtimeMs < missingForMs;
  }

  #path(buildId: string, kind: DebuginfodKind): string {
    return path.join(this.folder, buildId, kind);
  }

  #missing(server: string, buildId: string, kind: DebuginfodKind): string {
    const of = createHash("sha256").update(server).digest("hex").slice(0, 16);
    return `${this.#path(buildId, kind)}.${of}.missing`;
  }

  /** @param kept the folder of a file that was just added, which stays */
  async #trim(kept: string): Promise<void> {
    const folders: { folder: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.folder)) {
      const folder = path.join(this.folder, name);
      let [bytes, usedMs] = [0, 0];
      for (const file of await readdir(folder).catch(() => [])) {
        const found = await stat(path.join(folder, file)).catch(() => null);
        if (found === null) continue;
        const isAbandoned = file.endsWith(".part") && Date.now() - found.mtimeMs > abandonedMs;
        if (isAbandoned) await rm(path.join(folder, file), { force: true });
        else bytes += found.size;
        usedMs = Math.max(usedMs, lastUse(found));
      }
      folders.push({ folder, bytes, usedMs });
    }
    let bytes = folders.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of folders.sort((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.maximumBytes) return;
      if (one.folder === kept) continue;
      await rm(one.folder, { recursive: true, force: true });
      bytes -= one.bytes;
    }
  }
}
