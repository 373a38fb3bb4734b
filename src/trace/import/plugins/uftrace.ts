/**
 * Imports a folder uftrace.data, as QEMU's contrib plugin uftrace (10.2 and newer) and uftrace itself write it: `info` has the head,
 * each `<number>.dat` the calls of a thread or vCPU (uftrace's doc/uftrace-record.md and libmcount/record.c). A record has 16 bytes:
 *
 *   u64 time, nanoseconds · u64: bits 0-1 type (0 entry, 1 exit, 2 lost, 3 event), bit 2 arguments follow, bits 3-5 are 5,
 *   bits 6-15 depth, bits 16-63 address
 *
 * A function's entry is an execution of the block at its address.
 */
import path from "node:path";
import type { TraceWriter } from "../../writer";
import { executionResult } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import type { TraceInput } from "../input/traceInput";
import type { ImportOptions, ImportResult, TraceFormat } from "../traceFormat";
import { lostRecords, recordAgain } from "../trustSentences";
import { attachUftraceSymbols } from "./uftraceSymbols";
import { findTracks, TrackReader, type Track } from "./uftraceTracks";

const magic = "Ftrace!\0";
const type = { entry: 0, lost: 2 } as const;
const recordMagic = 5;

export const uftraceFormat: TraceFormat = {
  name: "uftrace",
  recognize: ({ text, bytes }) => (text.startsWith(magic) && bytes[14] === 1 ? importFolder : null),
};

/** The other files are beside the input, which is `info`. */
async function importFolder(input: TraceInput, writer: TraceWriter, options: ImportOptions): Promise<ImportResult> {
  const folder = path.dirname(input.path);
  const streams = await findTracks(folder);
  const calls = new Calls(writer, streams[0]?.[0].start ?? 0n);
  for (const [done, tracks] of streams.entries()) {
    await calls.take(tracks, options);
    options.progress?.(done + 1, streams.length);
  }
  await attachUftraceSymbols(folder, writer);
  return calls.finish();
}

class Calls {
  private readonly sink: ExecutionSink;
  private lost = 0;
  /** Files that were left where a record could not be read. */
  private unread = 0;
  private stopped = false;

  /** @param origin what times count from */
  constructor(
    private readonly writer: TraceWriter,
    private readonly origin: bigint,
  ) {
    this.sink = new ExecutionSink(writer, "host");
  }

  /** Takes the tracks of one stream, by time. */
  async take(tracks: readonly Track[], { signal, stop }: ImportOptions): Promise<void> {
    const readers: TrackReader[] = [];
    try {
      for (const track of tracks) readers.push(await TrackReader.open(track, this.origin));
      for (;;) {
        const first = readers.reduce((best, reader) => (reader.time < best.time ? reader : best));
        if (first.time === Infinity) return;
        const until = Math.min(...readers.filter((reader) => reader !== first).map(({ time }) => time));
        if (this.takeUntil(first, until, tracks[0].stream)) continue;
        signal?.throwIfAborted();
        if (stop?.aborted === true) {
          this.stopped = true;
          return;
        }
        await this.writer.drain();
        await first.refill();
      }
    } finally {
      for (const reader of readers) await reader.close();
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
    if (this.lost > 0) reasons.push(lostRecords("uftrace", this.lost));
    if (this.stopped) reasons.push("The import was stopped: some of its files were not read to their end.");
    reasons.push(recordAgain);
    const trust = { mode: "incomplete" as const, reasons };
    return executionResult(this.sink, { format: uftraceFormat.name, stamped: true, dropped: this.lost, trust });
  }

  /** Takes a track's records up to a time. False: it has to read on. */
  private takeUntil(reader: TrackReader, until: number, stream: number): boolean {
    while (reader.time <= until) {
      if (!this.takeRecord(reader, stream)) {
        this.unread++;
        reader.leave();
        return true;
      }
      if (!reader.next()) return false;
    }
    return true;
  }

  /** False: what follows cannot be read. */
  private takeRecord({ view, at, time }: TrackReader, stream: number): boolean {
    const word = view.getUint32(at + 8, true);
    const high = view.getUint32(at + 12, true);
    if (((word >>> 3) & 7) !== recordMagic || (word & 4) !== 0) return false;
    const kind = word & 3;
    // The address of a `lost` record is how many were.
    const low = ((high << 16) | (word >>> 16)) >>> 0;
    if (kind === type.lost) this.lost += low;
    if (kind !== type.entry) return true;
    // 48 bits of an address; those of a kernel go on with ones.
    this.sink.announce(stream, this.sink.blockAt(low, (high << 0) >> 16), time, 0);
    return true;
  }
}
