/**
 * Imports a folder uftrace.data, as QEMU's contrib plugin uftrace (10.2 and newer) and uftrace itself write it: `info` has the head,
 * each `<number>.dat` the calls of a thread or vCPU (uftrace's doc/uftrace-record.md and libmcount/record.c). A record has 16 bytes:
 *
 *   u64 time, nanoseconds · u64: bits 0-1 type (0 entry, 1 exit, 2 lost, 3 event), bit 2 arguments follow, bits 3-5 are 5,
 *   bits 6-15 depth, bits 16-63 address
 *
 * A function's entry is an execution of the block at its address.
 */
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { readFully } from "../../chunkWalk";
import type { TraceWriter } from "../../writer";
import { executionResult } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import type { TraceInput } from "../input/traceInput";
import type { ImportOptions, ImportResult, TraceFormat } from "../traceFormat";
import { attachUftraceSymbols } from "./uftraceSymbols";

const magic = "Ftrace!\0";
const recordBytes = 16;
const readBytes = 65_536 * recordBytes;
const type = { entry: 0, lost: 2 } as const;
const recordMagic = 5;

export const uftraceFormat: TraceFormat = {
  name: "uftrace",
  recognize: ({ text, bytes }) => (text.startsWith(magic) && bytes[14] === 1 ? importFolder : null),
};

interface Track {
  readonly file: string;
  readonly stream: number;
  /** Time of its first record. */
  readonly start: bigint;
}

/** The other files are beside the input, which is `info`. */
async function importFolder(input: TraceInput, writer: TraceWriter, options: ImportOptions): Promise<ImportResult> {
  const folder = path.dirname(input.path);
  const names = (await readdir(folder)).filter((name) => /^\d{1,10}\.dat$/.test(name));
  names.sort((a, b) => parseInt(a) - parseInt(b));
  const calls = new Calls(writer);
  for (const { file, stream, start } of await tracks(folder, names)) {
    calls.origin ??= start;
    await calls.take(file, stream, options);
    await writer.drain();
    options.progress?.(stream + 1, names.length);
  }
  await attachUftraceSymbols(folder, writer);
  return calls.finish();
}

/** The files that have a record, each the stream of its place among the names, the one that begins first at the front. */
async function tracks(folder: string, names: readonly string[]): Promise<Track[]> {
  const found: Track[] = [];
  for (const [stream, name] of names.entries()) {
    const file = path.join(folder, name);
    const handle = await open(file, "r");
    try {
      const record = new Uint8Array(recordBytes);
      const length = await readFully(handle, record, 0);
      if (length < recordBytes) continue;
      found.push({ file, stream, start: new DataView(record.buffer).getBigUint64(0, true) });
    } finally {
      await handle.close();
    }
  }
  return found.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

class Calls {
  /** What times count from. */
  origin: bigint | undefined;
  private readonly sink: ExecutionSink;
  private lost = 0;
  /** Files that were left where a record could not be read. */
  private unread = 0;
  private stopped = false;

  constructor(writer: TraceWriter) {
    this.sink = new ExecutionSink(writer, "host");
  }

  async take(file: string, stream: number, { signal, stop }: ImportOptions): Promise<void> {
    const handle = await open(file, "r");
    try {
      const bytes = new Uint8Array(readBytes);
      const view = new DataView(bytes.buffer);
      for (let position = 0; ; position += readBytes) {
        signal?.throwIfAborted();
        if (stop?.aborted === true) {
          this.stopped = true;
          return;
        }
        const length = await readFully(handle, bytes, position);
        for (let at = 0; at + recordBytes <= length; at += recordBytes) {
          if (this.takeRecord(view, at, stream)) continue;
          this.unread++;
          return;
        }
        if (length < readBytes) return;
      }
    } finally {
      await handle.close();
    }
  }

  finish(): ImportResult {
    const reasons = [
      "uftrace tells of functions that were entered; where in them the time went, and what ran outside of them, it does not.",
      "QEMU's plugin finds calls by frame pointers: in code that was built without, entries are missing or wrong.",
    ];
    if (this.unread > 0) {
      reasons.push(`${this.unread} of its files were read up to a record that holds arguments or is damaged.`);
    }
    if (this.stopped) reasons.push("The import was stopped: some of its files were not read to their end.");
    const trust = { mode: "incomplete" as const, reasons };
    return executionResult(this.sink, { format: uftraceFormat.name, stamped: true, dropped: this.lost, trust });
  }

  /** False: what follows cannot be read. */
  private takeRecord(view: DataView, at: number, stream: number): boolean {
    const word = view.getUint32(at + 8, true);
    const high = view.getUint32(at + 12, true);
    if (((word >>> 3) & 7) !== recordMagic || (word & 4) !== 0) return false;
    const kind = word & 3;
    // The address of a `lost` record is how many were.
    const low = ((high << 16) | (word >>> 16)) >>> 0;
    if (kind === type.lost) this.lost += low;
    if (kind !== type.entry) return true;
    const time = Number(view.getBigUint64(at, true) - (this.origin ?? 0n));
    // 48 bits of an address; those of a kernel go on with ones.
    this.sink.announce(stream, this.sink.blockAt(low, (high << 0) >> 16), time, 0);
    return true;
  }
}
