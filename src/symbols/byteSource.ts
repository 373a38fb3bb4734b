import { readSync } from "node:fs";
import { open } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";

/** Bytes that are read by position. Reads give fewer than asked for where the bytes end. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  readSync(offset: number, length: number): Uint8Array;
  close(): Promise<void>;
}

/** A file. Rejects with BootscopeError "not-found" or "unreadable". */
export async function fileSource(path: string): Promise<ByteSource> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw missing
      ? new BootscopeError("not-found", `There is no file ${path}.`, "Choose a vmlinux with symbols.", { cause })
      : new BootscopeError("unreadable", `${path} cannot be opened: ${reason}`, "Check its permissions.", { cause });
  });
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    throw new BootscopeError("unreadable", `${path} is not a file.`, "Choose a vmlinux file.");
  }
  const { size } = status;
  const bytesFor = (offset: number, length: number) =>
    new Uint8Array(Math.max(0, Math.min(length, size - Math.min(offset, size))));
  return {
    size,
    read: async (offset, length) => {
      const bytes = bytesFor(offset, length);
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    readSync: (offset, length) => {
      const bytes = bytesFor(offset, length);
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(handle.fd, bytes, done, bytes.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    },
    close: () => handle.close(),
  };
}

export function memorySource(bytes: Uint8Array): ByteSource {
  // A copy: what is read may be changed in place (relocations), and may outlive the whole.
  const readSync = (offset: number, length: number) => bytes.slice(offset, offset + Math.max(0, length));
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(readSync(offset, length)),
    readSync,
    close: () => Promise.resolve(),
  };
}
