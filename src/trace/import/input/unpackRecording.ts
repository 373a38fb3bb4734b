import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { unwritable } from "../../writer";
import type { GrowingFile, ImportOptions } from "../traceFormat";
import type { TraceInput } from "./traceInput";

const pieceBytes = 4 * 1024 * 1024;

/** Copies a .bst out of a compressed file or a pipe to `output`, which appears whole. Rejects with `unwritable`, AbortError. */
export async function unpackRecording(input: TraceInput, output: string, options: ImportOptions): Promise<void> {
  const temporary = `${output}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
  const file = await open(temporary, "wx").catch((cause: unknown) => {
    throw unwritable(output, cause);
  });
  const piece = new Uint8Array(pieceBytes);
  const growing: GrowingFile = { path: temporary, isPassing: true, tail: () => Promise.resolve(null) };
  try {
    for (let length = await input.read(piece); length > 0; length = await input.read(piece)) {
      options.signal?.throwIfAborted();
      await file.writeFile(piece.subarray(0, length)).catch((cause: unknown) => {
        throw unwritable(output, cause);
      });
      options.progress?.(input.bytesDone, input.bytesTotal);
      options.onGrown?.(growing);
    }
    await file.close();
    await rename(temporary, output).catch((cause: unknown) => {
      throw unwritable(output, cause);
    });
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}
