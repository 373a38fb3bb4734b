/** The bytes of a trace in order, wherever they come from: a file as it is, a compressed file, or a pipe. */
import { stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { BootscopeError } from "../../../protocol/failure";
import { openForReading } from "../../reader";
import { readFully } from "../../chunkWalk";
import { compressionOf, longestMagic, type Unpack } from "./compressions";
import { pipeChunks } from "./pipe";

export interface TraceInput {
  /** By which the trace is known. */
  readonly path: string;
  /** All files that its bytes are in. */
  readonly files: readonly string[];
  /** What to know about them, as sentences. */
  readonly notes: readonly string[];
  /** The file, when its bytes are the trace's: importers may then read it anywhere, on any thread. Otherwise null. */
  readonly file: { readonly handle: FileHandle; readonly bytes: number } | null;
  /** Bytes read so far, of the file as it is on disk. */
  readonly bytesDone: number;
  /** Size of the file as it is on disk; Infinity for pipes. */
  readonly bytesTotal: number;
  /** After the end was met: what is wrong with a compressed file, as a sentence, or null. */
  readonly problem: string | null;
  /** Fills the buffer from the trace's first bytes, without consuming them. Answers how many there are: fewer at the end only. */
  peek(into: Uint8Array): Promise<number>;
  /** Fills the buffer with the next bytes. Answers how many there are: fewer at the end only. */
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
  if (pipe !== null) return StreamInput.open(path, pipe, Infinity, null);
  const handle = await openForReading(path);
  try {
    const { size } = await handle.stat();
    const magic = new Uint8Array(Math.min(longestMagic, size));
    await readFully(handle, magic, 0);
    if (compressionOf(magic, path) === null) return new FileInput(path, { handle, bytes: size });
    return await StreamInput.open(path, fileChunks(handle), size, handle);
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

  constructor(
    readonly path: string,
    readonly file: NonNullable<TraceInput["file"]>,
  ) {
    this.files = [path];
  }

  get bytesTotal(): number {
    return this.file.bytes;
  }

  peek(into: Uint8Array): Promise<number> {
    return this.readAt(into, 0);
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

/** What can only be read in order. Keeps what was peeked until it is read. */
class StreamInput implements TraceInput {
  readonly file = null;
  readonly files: readonly string[];
  readonly notes = [];
  problem: string | null = null;
  bytesDone = 0;
  private readonly pieces: Uint8Array[] = [];
  private readonly source: AsyncGenerator<Uint8Array>;
  private ended = false;

  private constructor(
    readonly path: string,
    chunks: AsyncGenerator<Uint8Array>,
    readonly bytesTotal: number,
    private readonly handle: FileHandle | null,
    unpack: Unpack | null,
  ) {
    this.files = [path];
    const counted = this.counted(chunks);
    this.source = unpack === null ? counted : unpack(counted);
  }

  static async open(
    path: string,
    chunks: AsyncGenerator<Uint8Array>,
    bytesTotal: number,
    handle: FileHandle | null,
  ): Promise<StreamInput> {
    const start: Uint8Array[] = [];
    for (let length = 0; length < longestMagic;) {
      const next = await chunks.next();
      if (next.done === true) break;
      start.push(next.value);
      length += next.value.length;
    }
    const unpack = compressionOf(Buffer.concat(start), path);
    return new StreamInput(path, chained(start, chunks), bytesTotal, handle, unpack);
  }

  async peek(into: Uint8Array): Promise<number> {
    for (let there = this.there(); there < into.length && (await this.pull());) there = this.there();
    let at = 0;
    for (const piece of this.pieces) {
      const part = piece.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
    }
    return at;
  }

  async read(into: Uint8Array): Promise<number> {
    let at = 0;
    while (at < into.length && (this.pieces.length > 0 || (await this.pull()))) {
      const [piece] = this.pieces;
      const part = piece.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(part.length);
    }
    return at;
  }

  async close(): Promise<void> {
    await this.source.return(undefined).catch(() => undefined);
    await this.handle?.close();
  }

  private there(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** Takes one more piece of the source; false at its end, also when it ends because it is damaged. */
  private async pull(): Promise<boolean> {
    if (this.ended) return false;
    try {
      const next = await this.source.next();
      if (next.done === true) this.ended = true;
      else this.pieces.push(next.value);
    } catch (error) {
      if (error instanceof BootscopeError && error.code !== "damaged") throw error;
      if (error instanceof Error && error.name === "AbortError") throw error;
      this.ended = true;
      this.problem = `${error instanceof Error ? error.message : String(error)} What was unpacked before is here.`;
    }
    return !this.ended;
  }

  private async *counted(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytesDone += chunk.length;
      yield chunk;
    }
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

async function* chained(start: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* start;
  yield* rest;
}
