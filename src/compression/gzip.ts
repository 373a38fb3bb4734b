import { createGunzip, type Gunzip } from "node:zlib";
import { BootscopeError } from "../protocol/failure";

/** Each piece is unpacked on another thread, and waited for: small ones are mostly waiting. */
const pieceBytes = 512 * 1024;

/** Unpacks gzip, all members of it. */
export async function* gunzip(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: pieceBytes });
  const pieces: Uint8Array[] = [];
  const failures: Error[] = [];
  decoder.on("data", (piece: Uint8Array) => pieces.push(piece));
  decoder.on("error", (error) => failures.push(error));
  try {
    for await (const chunk of chunks) {
      await written(decoder, chunk);
      yield* pieces.splice(0);
      if (failures.length > 0 || decoder.readableEnded) break;
    }
    if (failures.length === 0) await ended(decoder);
    yield* pieces.splice(0);
  } finally {
    decoder.destroy();
  }
  for (const failure of failures) throw damage(failure);
}

/** Resolves when the chunk is unpacked, or when it cannot be. */
const written = (decoder: Gunzip, chunk: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    decoder.once("close", resolve);
    decoder.write(chunk, () => {
      decoder.removeListener("close", resolve);
      resolve();
    });
  });

const ended = (decoder: Gunzip): Promise<void> =>
  new Promise((resolve) => {
    if (decoder.closed || decoder.readableEnded) resolve();
    else decoder.once("close", resolve).once("end", resolve).end();
  });

const damage = (error: Error): BootscopeError =>
  (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR"
    ? new BootscopeError("damaged", "The gzip file is cut off.")
    : new BootscopeError("damaged", `The gzip file is damaged (${error.message}).`, "", { cause: error });
