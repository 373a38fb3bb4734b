import { readSync } from "node:fs";
import { open } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";

/** Memory for one reading after another: to touch new memory takes several times as long as to read a cached file. */
export class ReusedBytes {
  private bytes = new Uint8Array(0);

  /** The first `length` bytes, whatever is in them. What was taken before is overwritten. */
  take(length: number): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
    return this.bytes.subarray(0, length);
  }
}

/** Bytes that are read by position. Reads give fewer than asked for where the bytes end. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** @param memory what is read into; new memory if not given */
  readSync(offset: number, length: number, memory?: ReusedBytes): Uint8Array;
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
  const bytesFor = (offset: number, length: number, memory?: ReusedBytes) => {
    const available = Math.max(0, Math.min(length, size - Math.min(offset, size)));
    return memory === undefined ? new Uint8Array(available) : memory.take(available);
  };
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
    readSync: (offset, length, memory) => {
      const bytes = bytesFor(offset, length, memory);
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
