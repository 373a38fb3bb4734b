/**
 * Reads executions of a simple trace on threads, ahead of the scan that puts its records in order.
 *
 * Where a record begins follows from the length of the one before, so a thread can only be told where one begins if all before
 * it are executions, which are alike. The scan finds out: what a thread read from another place than that to which the scan
 * came, or as something else than the scan knows by then, is thrown away, and the scan reads the records itself.
 */
import type { BlockNumbers } from "./blockNumbers";
import { BlockReader, bufferBytes, carryBytes, paddingBytes, type FileBlock } from "./blockReader";
import type { ExecutionRecords } from "./executionRecords";
import type { TraceInput } from "./input/traceInput";
import { placesOf, threadParsers, type ParserHandle, type ParserPlace } from "./parserThreads";
import { recordBytesOf, type RecordLayout, type RecordPart, type RecordText } from "./recordReader";
import type { ScanSteps, SimpletraceScan } from "./simpletraceScan";

/** What a thread was asked to read. */
interface Guess {
  readonly layout: RecordLayout;
  readonly generation: number;
  /** Bytes of the trace before its first record. */
  readonly from: number;
  readonly part: Promise<RecordPart>;
}

interface Waiting {
  readonly block: FileBlock;
  readonly guess: Guess | null;
}

export class SimpletraceThreads {
  private readonly parsers: ParserHandle<RecordText, RecordPart>[];
  private readonly places: ParserPlace[];
  /** By parser. */
  private readonly numbers: BlockNumbers[];
  /** Grows when something is thrown away: then all parsers number addresses anew. */
  private generation = 0;
  /** Bytes of the trace that the scan is done with, and those behind them that are in no later block. */
  private done = 0;
  private rest = new Uint8Array(0);

  constructor(
    private readonly scan: SimpletraceScan,
    private readonly records: ExecutionRecords,
    importWorker: string,
    private readonly blockBytes: number,
  ) {
    this.parsers = threadParsers(importWorker, bufferBytes(blockBytes), (shape) => ({ kind: "records", shape }));
    this.places = placesOf(this.parsers);
    this.numbers = this.parsers.map(() => records.newNumbers());
  }

  /** Reads everything behind so many bytes of header. */
  async read(input: TraceInput, headerBytes: number, { signal, after }: ScanSteps): Promise<void> {
    const { scan, places, blockBytes } = this;
    const texts = places.map(({ text }) => text);
    const reader = new BlockReader(input, texts);
    const waiting: Waiting[] = [];
    this.done = headerBytes;
    try {
      let block = await reader.next(0);
      for (let before: FileBlock | null = null; block !== null;) {
        waiting.push({ block, guess: this.guess(block, before) });
        // A block that is not full is the last one, or what a slow pipe brought: nobody should wait for the next.
        const isFull = block.end - block.start >= blockBytes;
        // Without a layout there is nothing to guess from until the scan has gone on.
        while (waiting.length > 0 && (scan.layout === null || waiting.length >= places.length - 1 || !isFull)) {
          const [next] = waiting.splice(0, 1);
          const readable = await this.take(next);
          signal?.throwIfAborted();
          await after(scan);
          if (!readable) return;
        }
        before = block;
        block = await reader.next(block.end);
      }
    } finally {
      await reader.close();
      await Promise.all(this.parsers.map((parser) => parser.close()));
    }
  }

  /** Asks a thread to read a block, whose first record may begin at the end of the block before. */
  private guess(block: FileBlock, before: FileBlock | null): Guess | null {
    const { generation } = this;
    const { layout } = this.scan;
    if (layout === null || before === null) return null;
    const behind = (block.position - this.done) % recordBytesOf(layout);
    if (behind < 0 || behind > before.end - before.start) return null;
    const start = block.start - behind;
    block.bytes.set(before.bytes.subarray(before.end - behind, before.end), start);
    const { parser, place } = this.places[block.buffer];
    const part = this.parsers[parser].parse({ place, start, end: block.end, layout, generation });
    part.catch(() => undefined); // told when its turn comes
    return { layout, generation, from: block.position - behind, part };
  }

  /** Answers false when nothing behind the block can be read. */
  private async take({ block, guess }: Waiting): Promise<boolean> {
    const { scan, records } = this;
    if (guess !== null) {
      const part = await guess.part;
      const { layout, generation, from } = guess;
      if (generation === this.generation && layout === scan.layout && from === this.done) {
        const { parser, columns } = this.places[block.buffer];
        records.takePart(part, layout, columns, this.numbers[parser]);
        this.rest = new Uint8Array(0); // the part begins with it
        return this.scanRest(block, block.bytes.subarray(part.stop, block.end));
      }
      if (generation === this.generation) this.renumber();
    }
    return this.scanRest(block, block.bytes.subarray(block.start + Math.max(0, this.done - block.position), block.end));
  }

  /** Lets the scan read what lies behind `done`: `rest` and these bytes of the block. */
  private scanRest(
    { last, position, end: blockEnd, start: blockStart, buffer }: FileBlock,
    bytes: Uint8Array,
  ): boolean {
    const { scan, rest } = this;
    const [place] = this.records.buffers;
    const end = rest.length + bytes.length;
    place.set(rest);
    place.set(bytes, rest.length);
    place.fill(0, end, end + paddingBytes);
    const at = scan.walker.take({ buffer, bytes: place, start: 0, end, last, position }, 0);
    this.done = Math.max(this.done, position + (blockEnd - blockStart) - (end - at));
    this.rest = place.slice(Math.max(at, end - carryBytes), end);
    return !scan.walker.damaged;
  }

  private renumber(): void {
    this.generation++;
    for (const numbers of this.numbers) numbers.clear();
  }
}
