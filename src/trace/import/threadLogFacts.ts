/** What the first and the last lines of a log tell of the threads that wrote it. */
import { open, stat } from "node:fs/promises";
import { readFully } from "../chunkWalk";
import { lineKind, LogLineParser } from "./logLine";

export interface ThreadLog {
  readonly path: string;
  readonly bytes: number;
  /** Up to the end of its last whole line. */
  readonly wholeBytes: number;
  /** Virtual CPUs and threads that the lines name. */
  readonly vcpus: ReadonlySet<number>;
  readonly threads: ReadonlySet<number>;
  /** There are lines that tell of an execution. */
  readonly executed: boolean;
  /** Of its first execution, else of its first stamp: nanoseconds since `firstSecond`; NaN: it has no stamps. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Seconds since 1970; NaN without stamps. */
  readonly firstSecond: number;
}

/** Of the beginning and of the end. */
const readBytes = 64 * 1024;
const paddingBytes = 256;
const lineFeed = 0x0a;

/**
 * Reads the beginning and the end of a file.
 * @param firstSecond what times count from; NaN: the second of the first stamp
 * @returns null when it is no regular file, cannot be read, or has no line of QEMU's
 */
export async function threadLogFacts(path: string, firstSecond = NaN): Promise<ThreadLog | null> {
  // To open a pipe would wait for its writer.
  const found = await stat(path).catch(() => null);
  const handle = found?.isFile() === true ? await open(path, "r").catch(() => null) : null;
  if (handle === null) return null;
  try {
    const { size: bytes } = await handle.stat();
    const lines = new LineFacts(firstSecond);
    const buffer = new Uint8Array(readBytes + paddingBytes);
    const text = buffer.subarray(0, readBytes);
    const headEnd = await readFully(handle, text, 0);
    lines.take(buffer, 0, endOfLines(buffer, headEnd));
    const tailAt = Math.max(0, bytes - readBytes);
    const tailEnd = await readFully(handle, text, tailAt);
    buffer.fill(0, tailEnd);
    const wholeEnd = endOfLines(buffer, tailEnd);
    lines.take(buffer, tailAt === 0 ? 0 : buffer.indexOf(lineFeed) + 1, wholeEnd);
    return lines.isLog ? { path, bytes, wholeBytes: tailAt + wholeEnd, ...lines.facts } : null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Position after the last line feed before `end`. */
const endOfLines = (bytes: Uint8Array, end: number): number => bytes.subarray(0, end).lastIndexOf(lineFeed) + 1;

class LineFacts {
  private readonly vcpus = new Set<number>();
  private readonly threads = new Set<number>();
  private readonly parser: LogLineParser;
  private firstExecution = NaN;
  private firstStamp = NaN;
  private lastTime = NaN;
  private executed = false;

  constructor(firstSecond: number) {
    this.parser = new LogLineParser(firstSecond);
  }

  get isLog(): boolean {
    return this.executed || this.threads.size > 0;
  }

  get facts(): Omit<ThreadLog, "path" | "bytes" | "wholeBytes"> {
    const { vcpus, threads, executed, lastTime, firstExecution, firstStamp } = this;
    const { firstSecond } = this.parser.stamp;
    const firstTime = Number.isNaN(firstExecution) ? firstStamp : firstExecution;
    return { vcpus, threads, executed, firstTime, lastTime, firstSecond };
  }

  /** Takes whole lines. @param bytes with padding behind `end` */
  take(bytes: Uint8Array, start: number, end: number): void {
    const { parser, threads, vcpus } = this;
    const { stamp } = parser;
    parser.setBytes(bytes);
    for (let at = start; at < end;) {
      at = parser.parse(at, end);
      if (!Number.isNaN(stamp.time)) {
        if (Number.isNaN(this.firstStamp)) this.firstStamp = stamp.time;
        this.lastTime = stamp.time;
      }
      if (stamp.thread >= 0) threads.add(stamp.thread);
      if (parser.kind !== lineKind.trace && parser.kind !== lineKind.execTb) continue;
      if (parser.kind === lineKind.trace && parser.vcpu >= 0) vcpus.add(parser.vcpu);
      if (!this.executed) this.firstExecution = stamp.time;
      this.executed = true;
    }
  }
}
