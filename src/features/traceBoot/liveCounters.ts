/** How far a recording has come, read from the head of its file while QEMU writes it (docs/trace-format.md, "File header"). */
import { open } from "node:fs/promises";

export interface LiveCounters {
  readonly executions: number;
  readonly fileBytes: number;
}

const magic = Buffer.from("\x89BST\r\n\x1a\n", "latin1");
const headerBytes = 64;

/** The live counters of a recording, or undefined while there is no file with a whole header. Reads 64 bytes. */
export async function readLiveCounters(file: string): Promise<LiveCounters | undefined> {
  let handle;
  try {
    handle = await open(file, "r");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    if (bytesRead < headerBytes || !buffer.subarray(0, magic.length).equals(magic)) return undefined;
    return { executions: Number(buffer.readBigUInt64LE(48)), fileBytes: Number(buffer.readBigUInt64LE(56)) };
  } catch {
    // Not there yet, or gone: the task's own report says why.
    return undefined;
  } finally {
    await handle?.close();
  }
}
