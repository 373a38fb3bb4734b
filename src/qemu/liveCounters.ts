/** How far a recording has come, read from the head of its file while QEMU writes it (docs/trace-format.md, "File header"). */
import { open } from "node:fs/promises";
import { minimumHeaderBytes, parseFileHeader } from "../trace/fileHeader";

export interface LiveCounters {
  readonly executions: number;
  readonly fileBytes: number;
  /** The recording has ended by itself; the counters are then exact. */
  readonly finished: boolean;
}

/** The live counters of a recording, or undefined while there is no file with a whole header. Reads 64 bytes. */
export async function readLiveCounters(file: string): Promise<LiveCounters | undefined> {
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(minimumHeaderBytes), 0, minimumHeaderBytes, 0);
      const header = parseFileHeader(buffer.subarray(0, bytesRead));
      return { executions: header.liveExecutions, fileBytes: header.liveBytes, finished: header.finished };
    } finally {
      await handle.close();
    }
  } catch {
    // Not there yet, or gone, or not begun: whoever records it says why.
    return undefined;
  }
}
