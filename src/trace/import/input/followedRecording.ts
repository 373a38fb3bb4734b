/** A .bst that the recorder is writing: tells when there is more in it, until it ends. */
import { readFully } from "../../chunkWalk";
import { minimumHeaderBytes, parseFileHeader, type FileHeader } from "../../fileHeader";
import { FollowedFile, type FollowOptions } from "./followedFile";

/**
 * Resolves when the recording has ended, whichever way.
 * @param onGrown called at once, and whenever there is more to read
 * @throws BootscopeError `damaged` when another file took its place; AbortError
 */
export async function followRecording(
  path: string,
  options: FollowOptions,
  onGrown: () => void,
  signal: AbortSignal,
): Promise<void> {
  const file = await FollowedFile.open(path, options);
  try {
    let seen = "";
    let trace: Uint8Array | undefined;
    const look = async (): Promise<FileHeader> => {
      const bytes = new Uint8Array(minimumHeaderBytes);
      await readFully(file.handle, bytes, 0);
      const header = parseFileHeader(bytes, path);
      trace ??= header.traceId;
      if (Buffer.compare(trace, header.traceId) !== 0) file.lose("Another recording was begun in the file");
      const now = `${file.size} ${header.liveExecutions} ${header.liveBytes}`;
      if (now !== seen) onGrown();
      seen = now;
      return header;
    };
    while (!(await look()).finished && (await file.isWritten())) await file.rest(signal);
  } finally {
    await file.handle.close();
  }
}
