/** Puts the executions of a simple trace that follow one another into a sink. */
import { BlockNumbers } from "./blockNumbers";
import { bufferBytes, usualBlockBytes } from "./blockReader";
import type { ExecutionSink } from "./executionSink";
import { ImportMemory } from "./importMemory";
import type { LogColumns } from "./logColumns";
import { RecordReader, type RecordLayout, type RecordPart } from "./recordReader";

export class ExecutionRecords {
  /** For the reader of the file: records are read where they are. */
  readonly buffers: Uint8Array[];
  private readonly reader: RecordReader;
  private readonly numbers: BlockNumbers;
  private readonly columns: LogColumns;

  constructor(
    private readonly sink: ExecutionSink,
    blockBytes = usualBlockBytes,
  ) {
    const memory = ImportMemory.create(bufferBytes(blockBytes), 2);
    this.reader = new RecordReader(memory);
    this.numbers = new BlockNumbers(sink);
    this.buffers = [0, 1].map((place) => memory.text(place));
    this.columns = memory.columns(0);
  }

  /**
   * Takes records of one of `buffers`, from `at` on, into the sink.
   * @returns where the first record is that has to be read in another way, or that is not whole before `end`
   */
  take(buffer: Uint8Array, at: number, end: number, layout: RecordLayout): number {
    // Offsets from the first buffer reach into the second; the columns are those of the first.
    const from = buffer.byteOffset - this.buffers[0].byteOffset;
    this.reader.begin(0, layout);
    const stop = this.reader.read(0, from + at, from + end);
    this.takePart(this.reader.end(), layout, this.columns, this.numbers);
    return stop - from;
  }

  /** Takes what a reader found. @param numbers what its numbers of addresses mean */
  takePart(part: RecordPart, { process }: RecordLayout, { block, time }: LogColumns, numbers: BlockNumbers): void {
    const { rows, lastKey, lastIsOpen, ascending, addresses } = part;
    numbers.add(addresses);
    if (rows === 0) return;
    const stream = this.sink.streamOfThread(process);
    this.sink.announceRun(stream, block, numbers, time, 0, rows, lastKey, ascending);
    if (!lastIsOpen) this.sink.confirmLast();
  }

  /** For a reader that numbers addresses itself. */
  newNumbers(): BlockNumbers {
    return new BlockNumbers(this.sink);
  }
}
