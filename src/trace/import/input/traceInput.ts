/** The bytes of a trace in order, wherever they come from: a file as it is, a compressed file, or a pipe. */
import { stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { openForReading } from "../../reader";
import { readFully } from "../../chunkWalk";
import { compressionOf, longestMagic } from "../../../compression/compressions";
import { pipeChunks } from "./pipe";
import { StreamInput } from "./streamInput";

/** What an input begins with. */
export interface Peeked {
  readonly bytes: number;
  /** Nothing follows them. */
  readonly whole: boolean;
}

/** A file whose bytes are a trace's. */
export interface InputFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** What lies before `position` was read by other means: `read` goes on there. Answers false when nothing more is to be read. */
  goTo(position: number): boolean;
}

export interface TraceInput {
  /** By which the trace is known. */
  readonly path: string;
  /** All files that its bytes are in. */
  readonly files: readonly string[];
  /** What to know about them, as sentences. */
  readonly notes: readonly string[];
  /** The file, when its bytes are the trace's: importers may then read it anywhere, on any thread. Otherwise null. */
  readonly file: InputFile | null;
  /** Bytes read so far, of the file as it is on disk. */
  readonly bytesDone: number;
  /** Size of the file as it is on disk; Infinity for pipes. */
  readonly bytesTotal: number;
  /** After the end was met: what is wrong with a compressed file, as a sentence, or null. */
  readonly problem: string | null;
  /**
   * Fills the buffer from the trace's first bytes, without consuming them: with fewer at the end, or where more of them than
   * `known` are there and no others come for a moment.
   */
  peek(into: Uint8Array, known?: number): Promise<Peeked>;
  /** Fills the buffer with the next bytes. Answers how many: fewer where no others come for a moment, 0 at the end only. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** What a folder uftrace.data is known by; the only trace that is a folder. */
const uftraceHead = "info";

/**
 * Opens what is at a path. A pipe is waited for until something is written to it.
 * @throws BootscopeError `not-found`, `unreadable`, `unsupported` for compressions that cannot be read; AbortError
 */
export async function openInput(path: string, signal?: AbortSignal): Promise<TraceInput> {
  if (await isFolder(path)) return openInput(join(path, uftraceHead), signal);
  const pipe = await pipeChunks(path, signal);
  if (pipe !== null) return StreamInput.open(path, pipe, { size: () => Infinity });
  const handle = await openForReading(path);
  try {
    const { size } = await handle.stat();
    const magic = new Uint8Array(Math.min(longestMagic, size));
    await readFully(handle, magic, 0);
    if (compressionOf(magic, path) === null) return new FileInput(path, handle, size);
    return await StreamInput.open(path, fileChunks(handle), { size: () => size, close: () => handle.close() });
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
