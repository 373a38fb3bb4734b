/** Runs assembly/executionEncoder.ts: encodes executions of all streams of a trace that come in a row. */
import code from "../../assembly/executionEncoder.wasm";
import { predictorEntries } from "./predictor";
import { maximumVarintBytes } from "./varint";

interface EncoderCode {
  clearTable(table: number): void;
  encode(
    table: number,
    blocks: number,
    translation: number,
    times: number,
    firstTime: number,
    count: number,
    output: number,
    room: number,
  ): number;
  readonly history: WebAssembly.Global;
  readonly hits: WebAssembly.Global;
  readonly recordTime: WebAssembly.Global;
  readonly encoded: WebAssembly.Global;
}

/** What of a stream's encoder goes on from run to run. */
export interface RunState {
  history: number;
  /** Executions that were predicted since the last record. */
  hits: number;
  /** Time of the last record. */
  recordTime: number;
}

/** Executions of one stream, by row. */
export interface ExecutionRun {
  /** What `translation` translates into the block's number. */
  readonly numbers: Uint32Array;
  /** One of the encoder's `newWords`. */
  readonly translation: Int32Array;
  /** When they began; null: one unit of time after the other. */
  readonly times: Float64Array | null;
}

/** Executions that are encoded at a time: few enough for all that belongs to them to stay in the processor's cache. */
const runRows = 8192;

const pageBytes = 65536;
/** Hits, code and ticks of a record. */
const recordBytes = 3 * maximumVarintBytes;
// The first bytes stay free, as position 0 means "no times".
const numbersAt = pageBytes;
const timesAt = numbersAt + (runRows + 2) * 4;
const outputAt = timesAt + runRows * 8;

let module: WebAssembly.Module | null = null;

export class RunEncoder {
  private readonly memory: WebAssembly.Memory;
  private readonly code: EncoderCode;
  private readonly numbers: Uint32Array;
  private readonly times: Float64Array;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    this.take(outputAt + runRows * recordBytes - pageBytes);
    module ??= new WebAssembly.Module(code);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    this.code = instance.exports as unknown as EncoderCode;
    this.numbers = new Uint32Array(this.memory.buffer, numbersAt, runRows + 1);
    this.times = new Float64Array(this.memory.buffer, timesAt, runRows);
  }

  /** A table for the predictor of one more stream. */
  newTable(): Int32Array {
    return this.newWords(predictorEntries);
  }

  /** Makes a table as good as new. */
  clearTable(table: Int32Array): void {
    this.code.clearTable(table.byteOffset);
  }

  /** Zeros in the encoder's memory, for a translation of so many numbers. The system gives memory only where it is written. */
  newWords(count: number): Int32Array {
    const at = this.take(count * 4);
    return new Int32Array(this.memory.buffer, at, count);
  }

  /**
   * Encodes rows `from` to `to`, or fewer: it ends with the record that needs more than `room` bytes, and after `runRows`.
   * @param table of the stream: one of `newTable`
   * @param state of the stream: is brought forward
   * @param firstTime of the first row, if the run has no times
   * @returns the records, valid until the next call, and how many executions are in them or predicted behind them
   */
  encode(
    table: Int32Array,
    state: RunState,
    { numbers, translation, times }: ExecutionRun,
    firstTime: number,
    from: number,
    to: number,
    room: number,
  ): { readonly records: Uint8Array; readonly executions: number } {
    const { code } = this;
    const end = Math.min(to, from + runRows);
    // Shared memory is copied in words of eight bytes if both ends are aligned to them, else byte by byte.
    const skipped = from % 2;
    this.numbers.set(numbers.subarray(from - skipped, end));
    if (times !== null) this.times.set(times.subarray(from, end));
    code.history.value = state.history;
    code.hits.value = state.hits;
    code.recordTime.value = state.recordTime;
    const at = times === null ? 0 : timesAt;
    const { byteOffset } = translation;
    const rowsAt = numbersAt + skipped * 4;
    const length = code.encode(table.byteOffset, rowsAt, byteOffset, at, firstTime, end - from, outputAt, room);
    state.history = code.history.value;
    state.hits = code.hits.value;
    state.recordTime = code.recordTime.value;
    return { records: new Uint8Array(this.memory.buffer, outputAt, length), executions: code.encoded.value };
  }

  /** So many more bytes of memory, and where they are. */
  private take(bytes: number): number {
    return this.memory.grow(Math.ceil(bytes / pageBytes)) * pageBytes;
  }
}
