/** A file that somebody is still writing: it is read to its end, waited for, and read on. */
import { stat, type FileHandle } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { BootscopeError } from "../../../protocol/failure";
import { readFully } from "../../chunkWalk";
import { openForReading } from "../../reader";
import { FileWriter } from "./fileWriter";

/** Between two looks at the file's size. */
const pollMilliseconds = 500;
/** A file whose writer cannot be seen has its end when it did not grow for so long. */
const quietMilliseconds = 5000;
/** A file that was not written to for longer is not looked at twice. */
const recentMilliseconds = 60_000;
const chunkBytes = 1024 * 1024;
/** Given on at a time, because unpacking may multiply it by a thousand. */
const pieceBytes = 64 * 1024;
/** What was read last, and must still be there when the file has grown. */
const keptBytes = 256;

export interface FollowOptions {
  /** Nothing more is read while it is paused. */
  readonly isPaused: () => boolean;
  /** Is told when the file was cut, written anew or replaced: what is at its path now is something else. */
  readonly onLost: () => void;
}

/** Whether somebody is writing the file: a process that has it open for that is seen, or it grows meanwhile. */
export async function isBeingWritten(path: string): Promise<boolean> {
  const before = await stat(path).catch(() => null);
  if (before?.isFile() !== true || Date.now() - before.mtimeMs > recentMilliseconds) return false;
  if (await new FileWriter(path, before.ino).isThere()) return true;
  return ((await stat(path).catch(() => null))?.size ?? 0) > before.size;
}

export class FollowedFile {
  /** As it was seen last, in bytes. */
  size = 0;
  private grewAt = performance.now();

  private constructor(
    private readonly path: string,
    readonly handle: FileHandle,
    private readonly inode: number,
    private readonly writer: FileWriter,
    private readonly options: FollowOptions,
  ) {}

  /** Rejects with `not-found`, `unreadable`. The caller closes the handle. */
  static async open(path: string, options: FollowOptions): Promise<FollowedFile> {
    const handle = await openForReading(path);
    try {
      const { ino, size } = await handle.stat();
      const file = new FollowedFile(path, handle, ino, new FileWriter(path, ino), options);
      file.size = size;
      // Who is seen now need not be waited for when it is gone.
      await file.writer.isThere();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Waits, as `rest` does, and looks at the size. */
  async rest(signal?: AbortSignal): Promise<void> {
    await rest(this.options, signal);
    await this.look();
  }

  /** Looks at the size. */
  async look(): Promise<void> {
    const { size } = await this.handle.stat();
    if (size !== this.size) this.grewAt = performance.now();
    this.size = size;
  }

  /**
   * Whether there may be more: a process writes it, or, if that cannot be seen, it grew a moment ago.
   * @throws BootscopeError `damaged` when another file took its place
   */
  async isWritten(): Promise<boolean> {
    const there = await stat(this.path).catch(() => null);
    if (there !== null && there.ino !== this.inode) this.lose("Another file took the place of this one");
    if (await this.writer.isThere()) return true;
    return !this.writer.isKnown && performance.now() - this.grewAt < quietMilliseconds;
  }

  /** @throws BootscopeError `damaged` */
  lose(what: string): never {
    this.options.onLost();
    throw new BootscopeError("damaged", `${what} while it was followed.`, "Open it again.");
  }
}

/** Waits for half a second, and longer while it is paused. Rejects with AbortError. */
export async function rest({ isPaused }: FollowOptions, signal?: AbortSignal): Promise<void> {
  do await setTimeout(pollMilliseconds, undefined, { signal });
  while (isPaused());
}

/** Reads a followed file from its beginning on. */
export class FollowedBytes {
  private position = 0;
  private kept: Uint8Array = new Uint8Array(0);

  constructor(readonly file: FollowedFile) {}

  /** How many were read. */
  get done(): number {
    return this.position;
  }

  /**
   * Bytes that were not read before, in memory of their own; none: no others are there yet.
   * @throws BootscopeError `damaged` when the file was cut or written anew
   */
  async next(): Promise<Uint8Array> {
    const { file, kept, position } = this;
    const chunk = new Uint8Array(chunkBytes);
    const { bytesRead } = await file.handle.read(chunk, 0, chunkBytes, position);
    if (bytesRead === 0) {
      if (file.size < position) file.lose("The file was emptied or cut");
      return chunk.subarray(0, 0);
    }
    if (!(await isThere(file.handle, kept, position))) file.lose("The file was written anew");
    this.position += bytesRead;
    this.kept = chunk.slice(Math.max(0, bytesRead - keptBytes), bytesRead);
    file.size = Math.max(file.size, this.position);
    return chunk.subarray(0, bytesRead);
  }
}

/**
 * The file's bytes, those that are yet to be written among them.
 * @throws BootscopeError `damaged` when the file was cut, written anew or replaced, after all that was read before; AbortError
 */
export async function* followedChunks(file: FollowedFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = new FollowedBytes(file);
  for (let isWritten = true; ;) {
    const chunk = await bytes.next();
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
    if (chunk.length > 0) continue;
    if (!isWritten) return;
    await file.rest(signal);
    isWritten = file.size !== bytes.done || (await file.isWritten());
  }
}

/** Whoever writes the file anew soon is past the place where its reader waits. */
async function isThere(handle: FileHandle, kept: Uint8Array, end: number): Promise<boolean> {
  const there = new Uint8Array(kept.length);
  await readFully(handle, there, end - kept.length);
  return Buffer.compare(there, kept) === 0;
}
