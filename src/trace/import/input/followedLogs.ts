/** Logs of a QEMU's threads that are still being written: whole lines of each of them in turn, and of those that come later. */
import { FollowedBytes, FollowedFile, rest, type FollowOptions } from "./followedFile";

/** Looks for further logs are so many rests apart: QEMU starts its threads within a moment. */
const restsBetweenSearches = 4;
const lineFeed = 0x0a;
/** Of the beginning of a line. */
const mostCarriedBytes = 4 * 1024 * 1024;

export class FollowedLogs {
  private readonly logs: FollowedLog[] = [];

  private constructor(
    /** Answers the logs that belong together, in reading order; those known before are among them. */
    private readonly find: () => Promise<readonly string[]>,
    private readonly options: FollowOptions,
  ) {}

  /** Rejects with `not-found`, `unreadable`. Whoever opened it closes it. */
  static async open(find: () => Promise<readonly string[]>, options: FollowOptions): Promise<FollowedLogs> {
    const followed = new FollowedLogs(find, options);
    try {
      await followed.search();
    } catch (error) {
      await followed.close();
      throw error;
    }
    return followed;
  }

  /** Those that were found so far. */
  get paths(): readonly string[] {
    return this.logs.map(({ path }) => path);
  }

  /** Of all that were found so far, in bytes. */
  get size(): number {
    return this.logs.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Whole lines, those that are yet to be written among them, until nobody writes any of the logs. Of several, last lines without an
   * end are left out.
   * @throws BootscopeError `damaged` when one was cut, written anew or replaced, after all that was read before; AbortError
   */
  async *chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let isWritten = true, rests = 0; ;) {
      let isQuiet = true;
      for (const log of this.logs) {
        const lines = await log.next();
        isQuiet &&= lines === null;
        if (lines !== null && lines.length > 0) yield lines;
      }
      if (!isQuiet) continue;
      if (!isWritten) break;
      await rest(this.options, signal);
      for (const { bytes } of this.logs) await bytes.file.look();
      if (++rests % restsBetweenSearches === 0) await this.search();
      isWritten = await this.isWritten();
    }
    if (this.logs.length === 1) yield this.logs[0].rest();
  }

  async close(): Promise<void> {
    await Promise.all(this.logs.map(({ bytes }) => bytes.file.handle.close()));
  }

  private async isWritten(): Promise<boolean> {
    let isWritten = false;
    for (const { bytes } of this.logs) {
      isWritten = bytes.file.size !== bytes.done || (await bytes.file.isWritten()) || isWritten;
    }
    return isWritten;
  }

  private async search(): Promise<void> {
    const known = new Set(this.paths);
    for (const path of await this.find()) {
      if (known.has(path)) continue;
      const file = await FollowedFile.open(path, this.options);
      this.logs.push(new FollowedLog(path, new FollowedBytes(file)));
    }
  }
}

class FollowedLog {
  /** The beginning of a line. */
  private carried: Uint8Array = new Uint8Array(0);

  constructor(
    readonly path: string,
    readonly bytes: FollowedBytes,
  ) {}

  /** Bytes of it that were given on or can be. */
  get size(): number {
    return this.bytes.file.size - this.carried.length;
  }

  /** The next whole lines; no bytes while there is only a part of one; null: there is nothing new. */
  async next(): Promise<Uint8Array | null> {
    const chunk = await this.bytes.next();
    if (chunk.length === 0) return null;
    const text = Buffer.concat([this.carried, chunk]);
    const end = text.lastIndexOf(lineFeed) + 1;
    // What is longer than any line is given on as it comes, so that it fills no memory.
    if (end === 0 && text.length > mostCarriedBytes) return this.rest(text);
    this.carried = text.subarray(end);
    return text.subarray(0, end);
  }

  /** What is left of it at its end. */
  rest(text = this.carried): Uint8Array {
    this.carried = text.subarray(text.length);
    return text;
  }
}
