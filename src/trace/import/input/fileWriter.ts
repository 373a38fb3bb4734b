/** Finds out whether a process still writes a file: from /proc, as far as this user may look into it. */
import { readlinkSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

/** Bits of the flags of an open file: O_WRONLY, O_RDWR. */
const accessBits = 3;

export class FileWriter {
  /** Who was found writing it last. */
  #process: string | null = null;

  /** @param file its path; @param inode of the file that is meant, whatever is at the path by now */
  constructor(
    private readonly file: string,
    private readonly inode: number,
  ) {}

  /** Somebody was seen writing it. */
  get isKnown(): boolean {
    return this.#process !== null;
  }

  /** Whether a process that can be seen has the file open for writing. */
  async isThere(): Promise<boolean> {
    if (this.#process !== null && (await this.#isWriter(this.#process))) return true;
    const processes = await readdir("/proc").catch(() => []);
    for (const process of processes) {
      if (!/^\d+$/.test(process) || !(await this.#isWriter(process))) continue;
      this.#process = process;
      return true;
    }
    return false;
  }

  async #isWriter(process: string): Promise<boolean> {
    const folder = `/proc/${process}/fd`;
    const descriptors = await readdir(folder).catch(() => []); // gone, or another user's
    for (const descriptor of descriptors) {
      const name = `${folder}/${descriptor}`;
      if (!this.#hasName(name)) continue;
      const found = await stat(name).catch(() => null);
      if (found?.ino !== this.inode) continue;
      const flags = /^flags:\s*([0-7]+)$/m.exec(
        await readFile(`${folder}info/${descriptor}`, "latin1").catch(() => ""),
      );
      if (flags !== null && (parseInt(flags[1], 8) & accessBits) !== 0) return true;
    }
    return false;
  }

  /** Links are read before files are looked at: there are thousands, and some lead to disks that do not answer. */
  #hasName(link: string): boolean {
    try {
      return path.basename(readlinkSync(link).replace(/ \(deleted\)$/, "")) === path.basename(this.file);
    } catch {
      return false;
    }
  }
}
