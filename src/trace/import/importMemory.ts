/**
 * The memory in which one parser works: texts or records come in, columns go out, and nothing is copied between threads. It is
 * that of assembly/logLines.ts or executionRecords.ts, so everything has a place in it:
 *
 *   whether to leave off | templates | cache of lines | texts and their columns, `places` of each | addresses | table of addresses, which grows
 */
import { mostAddresses } from "./addressIndex";
import { runWords, type LogColumns } from "./logColumns";

const pageBytes = 65536;
/** The shortest line that makes a row has 13 bytes: `Trace 0x [1]` and a line feed. */
const shortestLine = 13;
const tableSlotBytes = 16;
/** Of the three columns: 4 and 8 bytes per row, and 12 per run, which may be of one row. */
const rowBytes = 24;
const interruptionAt = 8;
const templatesAt = pageBytes;
const lineCacheAt = 2 * pageBytes;
/** As assembly/lineCache.ts has it. */
const lineCacheBytes = 16 * pageBytes;
const textsAt = lineCacheAt + lineCacheBytes;

const pages = (bytes: number): number => Math.ceil(bytes / pageBytes) * pageBytes;

/** What a thread is told, so that it sees the same. */
export interface ImportMemoryShape {
  readonly memory: WebAssembly.Memory;
  /** Of a text's buffer, padding included. */
  readonly textBytes: number;
  readonly places: number;
  /** Room in columns, if not as many rows as the lines of a text may make. */
  readonly rows?: number;
}

export class ImportMemory {
  readonly templatesAt = templatesAt;
  readonly lineCacheAt = lineCacheAt;
  readonly addressesAt: number;
  readonly tableAt: number;
  private readonly columnsAt: number;
  private readonly placeBytes: number;
  private readonly interruption: Int32Array;
  /** Room in columns. */
  readonly rows: number;

  private constructor(readonly shape: ImportMemoryShape) {
    const { textBytes, places, rows = textBytes / shortestLine } = shape;
    this.rows = Math.ceil(rows / 8) * 8;
    this.columnsAt = pages(textBytes);
    this.placeBytes = this.columnsAt + pages(this.rows * rowBytes);
    this.addressesAt = textsAt + places * this.placeBytes;
    this.tableAt = this.addressesAt + mostAddresses * 8;
    this.interruption = new Int32Array(shape.memory.buffer, interruptionAt, 1);
  }

  /**
   * @param textBytes of each of the buffers for texts
   * @param rows room in columns, if not as many as the lines of a text may make
   */
  static create(textBytes: number, places: number, rows?: number): ImportMemory {
    // The system gives memory only where it is written.
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const created = new ImportMemory({ memory, textBytes, places, ...(rows !== undefined && { rows }) });
    created.reserve(created.tableAt);
    return created;
  }

  static of(shape: ImportMemoryShape): ImportMemory {
    return new ImportMemory(shape);
  }

  /** All of it. Another view is needed after `reserveTable`. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.shape.memory.buffer);
  }

  textAt(place: number): number {
    return textsAt + place * this.placeBytes;
  }

  text(place: number): Uint8Array {
    return new Uint8Array(this.shape.memory.buffer, this.textAt(place), this.shape.textBytes);
  }

  columns(place: number): LogColumns {
    const { buffer } = this.shape.memory;
    const { time, block, run } = this.columnOffsets(place);
    return {
      time: new Float64Array(buffer, time, this.rows),
      block: new Uint32Array(buffer, block, this.rows),
      run: new Int32Array(buffer, run, this.rows * runWords),
    };
  }

  columnOffsets(place: number): { readonly [column in keyof LogColumns]: number } {
    const time = this.textAt(place) + this.columnsAt;
    const block = time + this.rows * 8;
    return { time, block, run: block + this.rows * 4 };
  }

  /** Addresses from number `from` to `to`. */
  addresses(from: number, to: number): BigUint64Array {
    return new BigUint64Array(this.shape.memory.buffer, this.addressesAt + from * 8, to - from);
  }

  /** Tells who reads in this memory, on whatever thread, to leave off what it was asked for. */
  set isInterrupted(isInterrupted: boolean) {
    Atomics.store(this.interruption, 0, isInterrupted ? 1 : 0);
  }

  get isInterrupted(): boolean {
    return Atomics.load(this.interruption, 0) !== 0;
  }

  /** Makes room for a table with so many slots. */
  reserveTable(slots: number): void {
    this.reserve(this.tableAt + slots * tableSlotBytes);
  }

  private reserve(bytes: number): void {
    const { memory } = this.shape;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  }
}
