/** Finds a file's chunks by positioned reads of their heads, over damage and up to a cut (docs/trace-format.md, "Chunk"). */
import { chunkHeadBytes, chunkMagic, parseChunkHead, type ParsedChunkHead } from "./chunk";

/** Bytes by their place: a file, mostly. */
export interface ByteSource {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

export interface WalkedChunk {
  readonly head: ParsedChunkHead;
  /** Of the payload. */
  readonly offset: number;
  /** Payload bytes in the file: all of a sealed chunk's, or as much of an unsealed or cut chunk's extent as is there. */
  readonly length: number;
  /** Sealed, and nothing of its payload is cut off. */
  readonly whole: boolean;
}

export interface ChunkWalk {
  readonly chunks: readonly WalkedChunk[];
  /** Bytes that belong to no chunk, but for zeros at the end: room for a chunk that a killed recorder had not begun. */
  readonly skippedBytes: number;
}

const windowBytes = 1024 * 1024;

/**
 * Walks the chunks from `start` to the end of the file.
 * @param progress bytes walked over so far
 */
export async function walkChunks(
  file: ByteSource,
  start: number,
  fileBytes: number,
  signal?: AbortSignal,
  progress?: (bytesDone: number, bytesTotal: number) => void,
): Promise<ChunkWalk> {
  const chunks: WalkedChunk[] = [];
  const headBytes = new Uint8Array(chunkHeadBytes);
  const headView = new DataView(headBytes.buffer);
  let skippedBytes = 0;
  let at = start;
  while (at + chunkHeadBytes <= fileBytes) {
    signal?.throwIfAborted();
    progress?.(at, fileBytes);
    await readFully(file, headBytes, at);
    const head = parseChunkHead(headView, 0);
    if (head !== null && (head.checked || (await isChunkBorder(file, at, head, fileBytes)))) {
      chunks.push(placeChunk(head, at + chunkHeadBytes, fileBytes));
      at += chunkHeadBytes + head.extentLength;
    } else {
      const next = await findChunk(file, at + 8, fileBytes, signal);
      const isRoom = next === fileBytes && (await isZero(file, at, fileBytes, signal));
      if (!isRoom) skippedBytes += next - at;
      at = next;
    }
  }
  return { chunks, skippedBytes: skippedBytes + Math.max(0, fileBytes - at) };
}

/** Fills `buffer` from the file; the rest is zeroed when the file is shorter. Answers the bytes read. */
export async function readFully(file: ByteSource, buffer: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  buffer.fill(0, done);
  return done;
}

function placeChunk(head: ParsedChunkHead, offset: number, fileBytes: number): WalkedChunk {
  const there = fileBytes - offset;
  const whole = head.sealed && head.payloadLength <= there;
  const length = whole ? head.payloadLength : Math.min(head.sealed ? head.payloadLength : head.extentLength, there);
  return { head, offset, length, whole };
}

/** A head with a wrong checksum is believed when what follows its extent is another head, or zeros: a window of them at most. */
async function isChunkBorder(file: ByteSource, at: number, head: ParsedChunkHead, fileBytes: number): Promise<boolean> {
  const next = at + chunkHeadBytes + head.extentLength;
  if (next >= fileBytes) return true;
  const bytes = new Uint8Array(4);
  const read = await readFully(file, bytes, next);
  if (read < 4 || new DataView(bytes.buffer).getUint32(0, true) === chunkMagic) return true;
  return isZero(file, next, Math.min(fileBytes, next + windowBytes));
}

/** Position of the next head with a right checksum at a multiple of eight bytes from `at`, or the end of the file. */
async function findChunk(file: ByteSource, at: number, fileBytes: number, signal?: AbortSignal): Promise<number> {
  const window = new Uint8Array(windowBytes);
  const view = new DataView(window.buffer);
  while (at + chunkHeadBytes <= fileBytes) {
    signal?.throwIfAborted();
    const length = await readFully(file, window, at);
    let offset = 0;
    for (; offset + chunkHeadBytes <= length; offset += 8) {
      if (view.getUint32(offset, true) !== chunkMagic) continue;
      if (parseChunkHead(view, offset)?.checked === true) return at + offset;
    }
    if (offset === 0) break;
    at += offset;
  }
  return fileBytes;
}

async function isZero(file: ByteSource, from: number, to: number, signal?: AbortSignal): Promise<boolean> {
  const window = Buffer.alloc(windowBytes);
  for (let at = from; at < to; at += windowBytes) {
    signal?.throwIfAborted();
    const length = await readFully(file, window.subarray(0, Math.min(windowBytes, to - at)), at);
    if (window.subarray(0, length).some((byte) => byte !== 0)) return false;
  }
  return true;
}
