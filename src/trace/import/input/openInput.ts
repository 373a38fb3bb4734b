/** Opens a file as it is, a compressed file, or a pipe. */
import { stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { compressionOf, longestMagic } from "../../../compression/compressions";
import { readFully } from "../../chunkWalk";
import { openForReading } from "../../reader";
import { openPipe } from "./pipe";
import { StreamInput } from "./streamInput";
import type { InputFile, Peeked, TraceInput } from "./traceInput";

/** What a folder uftrace.data is known by; the only trace that is a folder. */
const uftraceHead = "info";

/**
 * Opens what is at a path. A pipe is waited for until something is written to it.
 * @throws BootscopeError `not-found`, `unreadable`, `unsupported` for compressions that cannot be read; AbortError
 */
export async function openInput(path: string, signal?: AbortSignal): Promise<TraceInput> {
  if (await isFolder(path)) return openInput(join(path, uftraceHead), signal);
  const pipe = await openPipe(path);
  if (pipe !== null) return StreamInput.open(path, pipe, { size: () => Infinity }, signal);
  const handle = await openForReading(path);
  try {
    const { size } = await handle.stat();
    const magic = new Uint8Array(Math.min(longestMagic, size));
    await readFully(handle, magic, 0);
    if (compressionOf(magic, path) === null) return new FileInput(path, handle, size);
    const from = { size: () => size, close: () => handle.close() };
    return await StreamInput.open(path, () => fileChunks(handle), from, signal);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() === true && (await stat(join(path, uftraceHead)).catch(() => null)) !== null;
}

class FileInput implements TraceInput {
  readonly problem = null;
  readonly files: readonly string[];
  readonly notes = [];
  bytesDone = 0;

  readonly file: InputFile;

  constructor(
    readonly path: string,
    handle: FileHandle,
    bytes: number,
  ) {
    this.files = [path];
    this.file = { handle, bytes, goTo: (position) => (this.bytesDone = position) < bytes };
  }

  get bytesTotal(): number {
    return this.file.bytes;
  }

  async peek(into: Uint8Array): Promise<Peeked> {
    const bytes = await this.readAt(into, 0);
    return { bytes, whole: bytes < into.length };
  }

  async read(into: Uint8Array): Promise<number> {
    const length = await this.readAt(into, this.bytesDone);
    this.bytesDone += length;
    return length;
  }

  close(): Promise<void> {
    return this.file.handle.close();
  }

  /** The file may grow meanwhile: what was there when it was opened is the trace. */
  private readAt(into: Uint8Array, position: number): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.file.bytes - position));
    return readFully(this.file.handle, into.subarray(0, length), position);
  }
}

/** Small, because unpacking may multiply it by a thousand. */
const chunkBytes = 64 * 1024;

async function* fileChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    const chunk = new Uint8Array(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
