import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";

const sampleBytes = 65_536;

/**
 * Tells a file's content from any other's without reading it: path, size, time of change, first and last 64 KiB, as 32
 * hexadecimal digits. Rejects when the file cannot be read.
 */
export async function fileFingerprint(source: string): Promise<string> {
  const file = await open(source, "r");
  try {
    const { size, mtimeMs } = await file.stat();
    const hash = createHash("sha256").update(`${path.resolve(source)}\0${size}\0${mtimeMs}\0`);
    for (const position of [0, Math.max(0, size - sampleBytes)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sampleBytes), 0, sampleBytes, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex").slice(0, 32);
  } finally {
    await file.close();
  }
}
