/** Runs a text format's reader over the lines of a trace. */
import { findEventCatalog, type EventCatalog } from "../../events/traceEventsFiles";
import type { TraceWriter } from "../../writer";
import { lineBlocks } from "../blockReader";
import type { TraceInput } from "../input/traceInput";
import type { ImportOptions, ImportResult, TraceImporter } from "../traceFormat";

const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/** What a text format makes of its lines. */
export interface LineReader {
  /** A whole line, without its line feed. The bytes are valid during the call, and followed by at least one that is no digit. */
  takeLine(bytes: Uint8Array, start: number, end: number): void;
  /** There are no other lines. @param cut the last one has no end, and was not taken */
  finish(cut: boolean): void;
  /** What they came to, before or after `finish`. */
  result(cut: boolean): ImportResult;
}

/** Makes an importer of a line reader. */
export const importLines =
  (makeReader: (writer: TraceWriter) => LineReader): TraceImporter =>
  (input, writer, options) =>
    readLines(input, writer, options, makeReader(writer));

/** As `importLines`, of one that keeps events too. */
export const importEventLines =
  (makeReader: (writer: TraceWriter, catalog: EventCatalog) => LineReader): TraceImporter =>
  async (input, writer, options) => {
    const catalog = await findEventCatalog(input.path, options.traceEvents);
    return readLines(input, writer, options, makeReader(writer, catalog));
  };

async function readLines(
  input: TraceInput,
  writer: TraceWriter,
  { signal, progress, tellSoFar }: ImportOptions,
  reader: LineReader,
): Promise<ImportResult> {
  tellSoFar?.(() => reader.result(false));
  // A line over 64 KiB comes in pieces: it is none of ours, whatever the pieces look like.
  let inPieces = false;
  let cut = false;
  for await (const { bytes, start, end, last } of lineBlocks(input)) {
    signal?.throwIfAborted();
    for (let at = start; at < end;) {
      const found = bytes.indexOf(lineFeed, at);
      const whole = found >= 0 && found < end;
      const lineEnd = whole ? found : end;
      cut = last && !whole;
      if (whole && !inPieces) {
        reader.takeLine(bytes, at, bytes[lineEnd - 1] === carriageReturn ? Math.max(at, lineEnd - 1) : lineEnd);
      }
      inPieces = !whole;
      at = lineEnd + 1;
    }
    await writer.drain();
    progress?.(input.bytesDone, input.bytesTotal);
  }
  reader.finish(cut);
  return reader.result(cut);
}

/** A line as a string, each byte one character; at most its first 64 KiB. */
export const lineText = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
