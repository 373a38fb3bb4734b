/**
 * Reads executions of a simple trace on threads, ahead of the scan that puts its records in order.
 *
 * Where a record begins follows from the length of the one before, so a thread can only be told where one begins if all before
 * it are executions, or as long. The scan finds out: what was read from another place than that to which the scan came, or as
 * something else than the scan knows by then, is thrown away, and the scan goes on by itself.
 */
import { readFully } from "../chunkWalk";
import type { BlockNumbers } from "./blockNumbers";
import type { ExecutionRecords } from "./executionRecords";
import type { InputFile } from "./input/traceInput";
import { placesOf, threadParsers, type ParserHandle, type ParserPlace } from "./parserThreads";
import { stepBytes, type FilePart, type FilePiece } from "./recordPieces";
import { recordBytesOf, shortestRecordBytes, type RecordLayout } from "./recordReader";
import type { SimpletraceScan } from "./simpletraceScan";

/** What goes on beside the reading of a trace. */
export interface ScanSteps {
  readonly signal?: AbortSignal | undefined;
  /** After each block. */
  readonly after: (scan: SimpletraceScan) => Promise<void>;
}

/** What a thread was asked to read. */
interface Waiting {
  readonly piece: FilePiece;
  readonly part: Promise<FilePart>;
  readonly place: ParserPlace;
}

export class SimpletraceThreads {
  private readonly parsers: ParserHandle<FilePiece, FilePart>[];
  private readonly places: ParserPlace[];
  /** By parser. */
  private readonly numbers: BlockNumbers[];
  /** In the order of the file. */
  private waiting: Waiting[] = [];
  /** Grows when something is thrown away: then all parsers number addresses anew. */
  private generation = 0;
  private nextPlace = 0;
  /** All of them run. Before, who asks them would wait for longer than it takes to read by itself. */
  areUp = false;
  readonly up: Promise<void>;

  /** @param pieceBytes that a thread reads at a time, or a little less */
  constructor(
    private readonly scan: SimpletraceScan,
    private readonly records: ExecutionRecords,
    importWorker: string,
    private readonly pieceBytes: number,
  ) {
    const rows = Math.ceil(pieceBytes / shortestRecordBytes) + 1;
    this.parsers = threadParsers(importWorker, stepBytes, (shape) => ({ kind: "records", shape }), rows);
    this.places = placesOf(this.parsers);
    this.numbers = this.parsers.map(() => records.newNumbers());
    this.up = Promise.all(this.parsers.map(({ up }) => up)).then(() => void (this.areUp = true));
  }

  /**
   * Reads executions from a position of the file on.
   * @returns where the first record is that the scan has to read by itself, the end of the file included
   */
  async read(file: InputFile, position: number, { signal, after }: ScanSteps): Promise<number> {
    const { scan, waiting } = this;
    const { layout } = scan;
    let next = position;
    let done = position;
    while (layout !== null && file.goTo(done)) {
      for (; waiting.length < this.places.length; next = waiting[waiting.length - 1].piece.to) {
        if (!this.ask(file, next, layout)) break;
      }
      const first = waiting.shift();
      if (first === undefined) break;
      const { piece, place } = first;
      const part = await first.part;
      this.records.takePart(part, layout, place.columns, this.numbers[place.parser]);
      done = part.stop < piece.to ? await this.scanPiece(file, part.stop, piece.to) : piece.to;
      signal?.throwIfAborted();
      await after(scan);
      if (scan.layout !== layout || done !== piece.to) break;
    }
    await this.leaveOff();
    return done;
  }

  /** Ends the threads. Wait for it before the file is closed. */
  async close(): Promise<void> {
    await this.leaveOff();
    await Promise.all(this.parsers.map((parser) => parser.close()));
  }

  /** Asks a thread for the next piece; false when there is none. */
  private ask({ handle, bytes }: InputFile, from: number, layout: RecordLayout): boolean {
    const length = recordBytesOf(layout);
    // Up to the next multiple of the pieces' size that leaves room for a record.
    const border = Math.ceil((from + length) / this.pieceBytes) * this.pieceBytes;
    const count = Math.floor((Math.min(border, bytes) - from) / length);
    if (count <= 0) return false;
    const place = this.places[this.nextPlace++ % this.places.length];
    const { generation } = this;
    const to = from + count * length;
    const piece = { descriptor: handle.fd, from, to, layout, place: place.place, generation };
    const part = this.parsers[place.parser].parse(piece);
    part.catch(() => undefined); // told when its turn comes
    this.waiting.push({ piece, part, place });
    return true;
  }

  /** Lets the scan read what is left of a piece; answers where the first record is that is not whole in it. */
  private async scanPiece({ handle, bytes }: InputFile, from: number, to: number): Promise<number> {
    const [buffer] = this.records.buffers;
    for (let at = from; ;) {
      const length = await readFully(handle, buffer.subarray(0, Math.min(this.pieceBytes, to - at)), at);
      const last = at + length >= bytes;
      const taken = this.scan.walker.take({ bytes: buffer, end: length, last }, 0);
      at += taken;
      if (taken === 0 || at === to || this.scan.walker.damaged) return at;
    }
  }

  /** Throws away what was asked for, once no thread works on it any more. */
  private async leaveOff(): Promise<void> {
    if (this.waiting.length === 0) return;
    for (const { memory } of this.parsers) memory.isInterrupted = true;
    await Promise.allSettled(this.waiting.splice(0).map(({ part }) => part));
    for (const { memory } of this.parsers) memory.isInterrupted = false;
    this.generation++;
    for (const numbers of this.numbers) numbers.clear();
  }
}
