import { createReadStream } from "node:fs";
import { BootscopeError } from "../../protocol/failure";
import { compressionOf, longestMagic } from "../../compression/compressions";
import { ByteStream } from "../../compression/byteStream";
import { lz4Magic, unlz4 } from "../../compression/lz4";

/** A regular file of an archive. */
export interface ArchivedFile {
  readonly name: string;
  readonly size: number;
  /** The same for names of one file. */
  readonly inode: string;
  /** Its first bytes, at most `headBytes`. */
  readonly head: Uint8Array;
  /** The content, to be asked for before the next file is. Null when the archive ends in it or is damaged there. */
  readonly content: () => Promise<Uint8Array | null>;
}

export const headBytes = 64;
const memberHeadBytes = 110;
const maximumNameBytes = 4096;
const regularFile = 0o100000;
const fileTypeMask = 0o170000;

/**
 * The regular files of an initial RAM disk: cpio archives one after the other, the last of them perhaps compressed by gzip, xz,
 * zstd or LZ4 (Documentation/driver-api/early-userspace/buffer-format.rst). Damage ends the list; what came before is told.
 * Rejects with BootscopeError "unsupported" (another compression) or "unreadable".
 */
export async function* initramfsFiles(path: string, signal?: AbortSignal): AsyncGenerator<ArchivedFile> {
  const file = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) });
  try {
    yield* archives(new ByteStream(chunksOf(file)), path);
  } catch (error) {
    if (error instanceof BootscopeError && error.code === "damaged") return;
    if (!(error instanceof Error) || !("code" in error) || error instanceof BootscopeError) throw error;
    throw new BootscopeError("unreadable", `${path} cannot be read (${String(error.code)}).`, "", { cause: error });
  } finally {
    file.destroy();
  }
}

async function* chunksOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk as Uint8Array;
}

/** @param depth compressed archives inside of compressed ones are none that a kernel reads */
async function* archives(stream: ByteStream, path: string, depth = 0): AsyncGenerator<ArchivedFile> {
  for (;;) {
    const start = await stream.peek(longestMagic);
    if (start.length === 0) return;
    if (start[0] === 0) {
      if (!(await stream.skip(1))) return;
    } else if (isCpio(start)) {
      yield* members(stream);
    } else if (depth === 0) {
      const isLz4 = lz4Magic.every((byte, index) => start[index] === byte);
      const unpack = isLz4 ? unlz4 : compressionOf(start, path);
      if (unpack !== null) yield* archives(new ByteStream(unpack(stream.rest())), path, depth + 1);
      return;
    } else return;
  }
}

/** "newc" without or with checksums. */
const isCpio = (start: Uint8Array): boolean => /^07070[12]/.test(Buffer.from(start.subarray(0, 6)).toString("latin1"));

/** The regular files of one archive, up to its trailer. */
async function* members(stream: ByteStream): AsyncGenerator<ArchivedFile> {
  for (;;) {
    const head = await stream.read(memberHeadBytes);
    if (head === null || !isCpio(head)) return;
    const text = Buffer.from(head).toString("latin1");
    const field = (index: number): number => Number.parseInt(text.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [mode, size, nameBytes] = [field(1), field(6), field(11)];
    if (!(nameBytes > 0 && nameBytes <= maximumNameBytes) || !(size >= 0)) return;
    const name = await stream.read(nameBytes + padding(memberHeadBytes + nameBytes));
    if (name === null) return;
    const text0 = Buffer.from(name.subarray(0, nameBytes - 1)).toString("utf8");
    if (text0 === "TRAILER!!!") return;
    const state = { taken: false };
    if ((mode & fileTypeMask) === regularFile && size > 0) {
      const content = async (): Promise<Uint8Array | null> => {
        state.taken = true;
        return stream.read(size).catch(nullIfDamaged);
      };
      const inode = `${field(7)}:${field(8)}:${field(0)}`;
      const begin = (await stream.peek(Math.min(headBytes, size))).slice();
      yield { name: text0, size, inode, head: begin, content };
    }
    if (!(await stream.skip((state.taken ? 0 : size) + padding(size)))) return;
  }
}

function nullIfDamaged(error: unknown): null {
  if (error instanceof BootscopeError && error.code === "damaged") return null;
  throw error;
}

const padding = (length: number): number => (4 - (length % 4)) % 4;
