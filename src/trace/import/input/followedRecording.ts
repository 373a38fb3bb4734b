/** A .bst that the recorder is writing: tells when there is more in it, until it ends. */
import { readFully } from "../../chunkWalk";
import { hasFileMagic, minimumHeaderBytes, parseFileHeader, type FileHeader } from "../../fileHeader";
import { openForReading } from "../../reader";
import { FollowedFile, type FollowOptions } from "./followedFile";

/** Tells recordings apart. Rejects as `openForReading` and `parseFileHeader` do. */
export async function recordingIn(path: string): Promise<string> {
  const file = await openForReading(path);
  try {
    const bytes = new Uint8Array(minimumHeaderBytes);
    await readFully(file, bytes, 0);
    return Buffer.from(parseFileHeader(bytes, path).traceId).toString("hex");
  } finally {
    await file.close();
  }
}

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
      if (trace !== undefined && !hasFileMagic(bytes)) file.lose("The file was emptied");
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
