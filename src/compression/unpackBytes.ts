import type { Unpack } from "./compressions";

const pieceBytes = 1 << 20;

/** What is compressed in these bytes; null when it is more than `mostBytes`. Rejects as `unpack` does. */
export async function unpackBytes(packed: Uint8Array, unpack: Unpack, mostBytes: number): Promise<Buffer | null> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of unpack(piecesOf(packed))) {
    total += piece.length;
    if (total > mostBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

// eslint-disable-next-line @typescript-eslint/require-await -- unpackers take chunks that may have to be waited for
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
