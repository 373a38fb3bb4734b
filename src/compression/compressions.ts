/** Compressed files, recognized by their first bytes. */
import { BootscopeError } from "../protocol/failure";
import { gunzip } from "./gzip";
import { unxz } from "./xz";
import { unzstd } from "./zstd";

/**
 * Unpacks chunks, all members of a file one after the other. Rejects with BootscopeError `damaged` after everything before the
 * damage was given.
 */
export type Unpack = (chunks: AsyncGenerator<Uint8Array>) => AsyncGenerator<Uint8Array>;

interface Compression {
  readonly magic: readonly number[];
  readonly unpack: Unpack | null;
  readonly command: string;
}

const compressions: readonly Compression[] = [
  { magic: [0x1f, 0x8b], unpack: gunzip, command: "gunzip" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: unzstd, command: "unzstd" },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: unxz, command: "unxz" },
  { magic: [0x42, 0x5a, 0x68], unpack: null, command: "bunzip2" },
  { magic: [0x04, 0x22, 0x4d, 0x18], unpack: null, command: "unlz4" },
];
export const longestMagic = 6;

/**
 * How to unpack what begins so; null when it is not compressed.
 * @throws BootscopeError `unsupported`
 */
export function compressionOf(start: Uint8Array, path: string): Unpack | null {
  const found = compressions.find(({ magic }) => magic.every((byte, index) => start[index] === byte));
  if (found === undefined) return null;
  if (found.unpack !== null) return found.unpack;
  throw new BootscopeError(
    "unsupported",
    `${path} is compressed in a way that Bootscope cannot unpack.`,
    `Decompress it with ${found.command} first; gzip, zstd and xz can be opened as they are.`,
  );
}
