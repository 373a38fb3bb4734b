/** Runs assembly/executionRecords.ts: reads the executions of a simple trace that follow one another. */
import code from "../../../assembly/executionRecords.wasm";
import { AddressTable, type AddressTableCode } from "./addressTable";
import { BlockNumbers } from "./blockNumbers";
import { bufferBytes, usualBlockBytes } from "./blockReader";
import type { ExecutionSink } from "./executionSink";
import { ImportMemory } from "./importMemory";

interface RecordsCode extends AddressTableCode {
  placeColumns(block: number, time: number, most: number): void;
  setEvents(typeBytes: number, execTb: number, execTbExit: number): void;
  readRecords(start: number, end: number, process: number, timeLow: number, timeHigh: number): number;
  readonly rows: WebAssembly.Global;
  readonly lastKey: WebAssembly.Global;
}

/** Of which process the records are, and which time is zero. */
export interface RecordOrigin {
  readonly process: number;
  readonly stream: number;
  readonly timeLow: number;
  readonly timeHigh: number;
}

export class ExecutionRecords {
  /** For the reader of the file: records are read where they are. */
  readonly buffers: Uint8Array[];
  private readonly code: RecordsCode;
  private readonly addresses: AddressTable;
  private readonly numbers: BlockNumbers;
  private readonly block: Uint32Array;
  private readonly time: Float64Array;

  constructor(
    private readonly sink: ExecutionSink,
    blockBytes = usualBlockBytes,
  ) {
    const memory = ImportMemory.create(bufferBytes(blockBytes), 2);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory: memory.shape.memory } });
    this.code = instance.exports as unknown as RecordsCode;
    this.addresses = new AddressTable(this.code, memory);
    this.numbers = new BlockNumbers(sink);
    this.buffers = [0, 1].map((place) => memory.text(place));
    const { block, time } = memory.columnOffsets(0);
    ({ block: this.block, time: this.time } = memory.columns(0));
    this.code.placeColumns(block, time, memory.rows);
  }

  /**
   * @param typeBytes of the word before each record
   * @param execTb number of the event; of the other one -1 if it has none
   */
  setEvents(typeBytes: number, execTb: number, execTbExit: number): void {
    this.code.setEvents(typeBytes, execTb, execTbExit);
  }

  /**
   * Takes little-endian records of one of `buffers`, from `at` on, into the sink.
   * @returns where the first record is that has to be read in another way, or that is not whole before `end`
   */
  take(buffer: Uint8Array, at: number, end: number, origin: RecordOrigin): number {
    const { code } = this;
    const base = buffer.byteOffset;
    for (;;) {
      const { process, stream, timeLow, timeHigh } = origin;
      at = code.readRecords(base + at, base + end, process, timeLow, timeHigh) - base;
      const rows = code.rows.value;
      this.numbers.add(this.addresses.takeNew());
      if (rows > 0) {
        this.sink.announceRun(stream, this.block, this.numbers, this.time, 0, rows, code.lastKey.value);
      }
      if (rows < this.block.length && !this.addresses.grow()) return at;
    }
  }
}
