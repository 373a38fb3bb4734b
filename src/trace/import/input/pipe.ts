/** Named pipes, and the standard input where it is a pipe. */
import { close, constants, open, read, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { BootscopeError } from "../../../protocol/failure";
import type { ReadChunks } from "./streamInput";

const waitMilliseconds = 50;
const firstBytes = 64 * 1024;

/** Whether a pipe is at the path. */
export async function isPipe(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isFIFO() === true || (found !== null && isStandardSocket(path, found));
}

/** The bytes that come through the pipe at a path, or null when something else is there. Rejects with `unreadable`. */
export async function openPipe(path: string): Promise<ReadChunks | null> {
  if (!(await isPipe(path))) return null;
  if (isStandardSocket(path, await stat(path))) return standardInput;
  try {
    // Otherwise opening would block a thread until there is a writer, whether we still want to wait or not.
    const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK, 0);
    return (signal) => chunksOf(fd, signal);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new BootscopeError("unreadable", `${path} cannot be read (${code}).`, "Check its permissions.", { cause });
  }
}

/** Some programs give their children a socket as standard input. It cannot be opened again, only read as it is. */
const isStandardSocket = (path: string, found: Stats): boolean => path === "/dev/stdin" && found.isSocket();

async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  addAbortSignal(signal, process.stdin);
  for await (const chunk of process.stdin) yield chunk as Uint8Array;
}

async function* chunksOf(fd: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let socket: Socket | null = null;
  try {
    yield await firstChunk(fd, signal);
    socket = new Socket({ fd, readable: true, writable: false, signal });
    for await (const chunk of socket) yield chunk as Uint8Array;
  } finally {
    if (socket === null) await promisify(close)(fd);
    else socket.destroy(); // which closes what it was given
  }
}

/** Waits for a writer: until there is one, reading answers the end of the file at once. */
async function firstChunk(fd: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunk = new Uint8Array(firstBytes);
  for (;;) {
    signal.throwIfAborted();
    const bytesRead = await promisify(read)(fd, chunk, 0, firstBytes, null).then(
      (result) => result.bytesRead,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        return 0;
      },
    );
    if (bytesRead > 0) return chunk.subarray(0, bytesRead);
    await setTimeout(waitMilliseconds, undefined, { signal });
  }
}
