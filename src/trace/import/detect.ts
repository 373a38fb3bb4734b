/** Recognizes trace files by their content; names say nothing. */
import type { FileHandle } from "node:fs/promises";
import { BootscopeError } from "../../protocol/failure";
import { readFully } from "../chunkWalk";
import { hasFileMagic } from "../fileHeader";
import { lineBlocks } from "./blockReader";
import { lineKind, LogLineParser } from "./logLine";
import { parseSimpletraceHeader, simpletraceHeaderBytes, type SimpletraceHeader } from "./simpletraceRecord";

export type Detected =
  | { readonly format: "bst" }
  | { readonly format: "simpletrace"; readonly header: SimpletraceHeader }
  | { readonly format: "qemu-log"; readonly clock: LogClock };

export interface LogClock {
  /** Whether lines have time stamps. */
  readonly stamped: boolean;
  /** The second of the first stamp, from which times are counted; NaN without stamps. */
  readonly firstSecond: number;
}

/** A log may begin with guest output and QEMU's warnings, but not with more than this. */
const searchBytes = 64 * 1024 * 1024;

const compressions: readonly (readonly [name: string, magic: readonly number[], command: string])[] = [
  ["gzip", [0x1f, 0x8b], "gunzip"],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd], "unzstd"],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "unxz"],
  ["bzip2", [0x42, 0x5a, 0x68], "bunzip2"],
];

/**
 * What the file is.
 * @throws BootscopeError `not-a-trace`, or `unsupported` when it would have to be decompressed first
 */
export async function detectFormat(file: FileHandle, path: string, fileBytes: number): Promise<Detected> {
  if (fileBytes === 0) {
    throw new BootscopeError("not-a-trace", `${path} is empty.`, "Record again: nothing was written to the file.");
  }
  const start = new Uint8Array(Math.min(simpletraceHeaderBytes, fileBytes));
  await readFully(file, start, 0);
  if (hasFileMagic(start)) return { format: "bst" };
  for (const [name, magic, command] of compressions) {
    if (magic.every((byte, index) => start[index] === byte)) {
      throw new BootscopeError(
        "unsupported",
        `${path} is compressed (${name}).`,
        `Decompress it with ${command} first.`,
      );
    }
  }
  const header = parseSimpletraceHeader(start);
  if (header !== null) return { format: "simpletrace", header };
  const clock = await findLogClock(file, Math.min(fileBytes, searchBytes));
  if (clock !== null) return { format: "qemu-log", clock };
  throw new BootscopeError(
    "not-a-trace",
    `${path} is not a trace: it is neither a Bootscope recording nor a QEMU simple trace, and has no exec_tb or Trace lines.`,
    "Record with Trace Boot, or with QEMU's -d exec,nochain.",
  );
}

/** The clock of the first line that tells of an execution; null when there is no such line. */
async function findLogClock(file: FileHandle, bytes: number): Promise<LogClock | null> {
  const parser = new LogLineParser();
  for await (const block of lineBlocks(file, bytes)) {
    parser.setBytes(block.bytes);
    for (let at = block.start; at < block.end;) {
      at = parser.parse(at, block.end);
      if (parser.kind !== lineKind.execTb && parser.kind !== lineKind.trace) continue;
      return { stamped: !Number.isNaN(parser.stamp.time), firstSecond: parser.stamp.firstSecond };
    }
  }
  return null;
}
