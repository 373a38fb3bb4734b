/** Reads parts of a log's file into a parser's memory: each thread its own, as several read faster than one. */
import { readSync } from "node:fs";
import { carryBytes, paddingBytes } from "./blockReader";
import type { InputFile } from "./input/traceInput";
import type { ImportMemory } from "./importMemory";
import { LogBlockParser, type LogText } from "./logBlockParser";
import type { LogClock } from "./logClock";
import type { LogPart } from "./logColumns";

/** The lines that begin in a part of a log's file. */
export interface LogFilePart {
  /** Which of the memory's places it is read into. */
  readonly place: number;
  /** Descriptor of the file, and its bytes: what is behind them came later. */
  readonly descriptor: number;
  readonly fileBytes: number;
  /** Bytes of the file. */
  readonly from: number;
  readonly to: number;
}

/** Read beyond a part at once: the last line mostly ends there. */
const usualRest = 1024;
/** Where a part begins in its place: the system copies fastest what is aligned alike in the file and in memory. */
const partAt = 64;
const lineFeed = 0x0a;

/** Parses texts that are in its memory, and parts of a file. */
export function logParser(
  memory: ImportMemory,
  clock: LogClock,
): { readonly parse: (text: LogText | LogFilePart) => LogPart } {
  const parser = new LogBlockParser(memory, clock);
  return { parse: (text) => parser.parse("from" in text ? readLogPart(memory, text) : text) };
}

/** The part's lines; those longer than 64 KiB, which are none of QEMU's, are cut. Throws what reading throws. */
function readLogPart(memory: ImportMemory, part: LogFilePart): LogText {
  const { place, from, to } = part;
  const bytes = memory.text(place);
  const offset = partAt - from;
  const stop = to + offset;
  // Whether a line begins at `from` is told by the byte before it.
  const first = from === 0 ? partAt : partAt - 1;
  let end = first + readAt(part, bytes.subarray(first, stop + usualRest), first - offset);
  const partEnd = Math.min(stop, end);
  const start = from === 0 ? first : lineAfter(bytes, first, partEnd);
  if (start >= partEnd) return { place, start: 0, end: 0 };
  let next = lineAfter(bytes, partEnd - 1, end);
  if (next === Infinity) {
    const more = bytes.subarray(end, Math.min(stop + carryBytes, bytes.length - paddingBytes));
    end += readAt(part, more, end - offset);
    next = lineAfter(bytes, partEnd - 1, end);
  }
  end = Math.min(end, next);
  bytes.fill(0, end, end + paddingBytes);
  return { place, start, end };
}

/** Position after the first line feed from `at` to `end`; Infinity if there is none. */
function lineAfter(bytes: Uint8Array, at: number, end: number): number {
  const found = bytes.subarray(at, end).indexOf(lineFeed);
  return found < 0 ? Infinity : at + found + 1;
}

/** Fills the buffer from this position of the file on; answers how many bytes it has: fewer at the end. */
function readAt({ descriptor, fileBytes }: LogFilePart, into: Uint8Array, position: number): number {
  const length = Math.max(0, Math.min(into.length, fileBytes - position));
  for (let done = 0; done < length;) {
    const bytes = readSync(descriptor, into, done, length - done, position + done);
    if (bytes === 0) return done;
    done += bytes;
  }
  return length;
}

/** Parts of a file of so many bytes each, for places in turn. Ends where the file ends, or when the import is stopped. */
export function* logFileParts(file: InputFile, partBytes: number): Generator<Omit<LogFilePart, "place">> {
  const { handle, bytes } = file;
  for (let from = 0; file.goTo(Math.min(from, bytes)); from += partBytes) {
    yield { descriptor: handle.fd, fileBytes: bytes, from, to: Math.min(bytes, from + partBytes) };
  }
}
