/** Encodes one vCPU's executions into chunk payloads (docs/trace-format.md, "Executions"). */
import { executionHeadBytes, recordCode, writeExecutionHead } from "./executionHead";
import { historyAfter } from "./predictor";
import { RunEncoder, type ExecutionRun, type RunState } from "./runEncoder";
import { maximumVarintBytes, writeVarint } from "./varint";

/** Payload bytes of a full chunk: small enough to decode many in parallel, large enough that learning anew costs little. */
export const chunkPayloadBytes = 1024 * 1024;

/** Executions of a full chunk: readers decode whole chunks, and wait for the largest. */
export const chunkExecutions = 2 ** 22;

const longestRecord = 4 * maximumVarintBytes;
const initialBytes = 16 * 1024;

const guessOf = (block: number): number => block << 1;
const sureOf = (block: number): number => (block << 1) | 1;
/** An entry that predicted something else than `block`. */
const corrected = (entry: number, block: number): number => ((entry & 1) === 1 ? entry & ~1 : guessOf(block));

/**
 * Turns executions into chunks of at most about one MiB. Times are whole nanoseconds (or execution numbers where there is no
 * clock) and serve as ticks: shift 0, rate 1.
 */
export class ExecutionEncoder {
  /**
   * The predictor's table, which `runs` shares. Blocks are known here, and histories with them, so that entries need not say what follows: each is
   * a block times two, plus one if it is sure.
   */
  private readonly table: Int32Array;
  private bytes = new Uint8Array(initialBytes);
  private at = executionHeadBytes;
  private readonly state: RunState;
  private firstExecution = 0;
  private firstInstruction = 0;
  private executions = 0;
  private instructions = 0;
  private startTime: number;
  /** At which the last execution began. */
  private latestTime: number;
  private lastBlock = -1;
  private lastSwitch = -1;
  private blockBeforeChunk = -1;
  private switchBeforeChunk = -1;

  /**
   * @param emit takes a finished payload, which is the taker's own from then on
   * @param capacity executions of the first chunk; each next one has up to four times as many
   * @param runs encodes runs, for any number of streams
   */
  constructor(
    readonly vcpu: number,
    startTime: number,
    private readonly blocksKnown: () => number,
    private readonly emit: (payload: Uint8Array) => void,
    private readonly payloadBytes = chunkPayloadBytes,
    private capacity = chunkExecutions,
    private readonly runs = new RunEncoder(),
  ) {
    this.startTime = startTime;
    this.latestTime = startTime;
    this.table = runs.newTable();
    this.state = { history: 0, hits: 0, recordTime: startTime };
  }

  /** Executions so far, earlier chunks included. */
  get total(): number {
    return this.firstExecution + this.executions;
  }

  get totalInstructions(): number {
    return this.firstInstruction + this.instructions;
  }

  /** The block began at `time`, which is not before any time given earlier. */
  execute(block: number, instructions: number, time: number): void {
    if (this.isFull()) this.seal(time);
    const { state, table } = this;
    const h = state.history;
    const entry = table[h];
    if (entry >> 1 === block) {
      table[h] = sureOf(block);
      state.hits++;
    } else {
      this.writeRecord(recordCode.firstBlock + block, time);
      table[h] = corrected(entry, block);
    }
    state.history = historyAfter(h, block);
    this.executions++;
    this.instructions += instructions;
    this.lastBlock = block;
    this.latestTime = time;
  }

  /**
   * As `execute` for each of rows `from` to `to`, whose instructions nobody counted.
   * @param first time of row `from`, if the run has no times
   */
  executeRun(run: ExecutionRun, from: number, to: number, first: number): void {
    const { runs, table, state } = this;
    const timeOf = (row: number): number => run.times?.[row] ?? first + row - from;
    for (let row = from; row < to;) {
      const time = timeOf(row);
      if (this.isFull()) this.seal(time);
      const stop = Math.min(to, row + this.capacity - this.executions);
      const { records, executions } = runs.encode(table, state, run, time, row, stop, this.payloadBytes - this.at);
      this.reserve(records.length);
      this.bytes.set(records, this.at);
      this.at += records.length;
      this.executions += executions;
      row += executions;
      this.lastBlock = run.translation[run.numbers[row - 1]];
    }
    if (from < to) this.latestTime = timeOf(to - 1);
  }

  /** As `execute`, `count` times, one unit of time after the other. Takes as long as it takes to write the chunks, however many. */
  executeTimes(block: number, instructions: number, count: number, first: number): void {
    const { state, table } = this;
    for (let done = 0; done < count;) {
      const h = state.history;
      const room = this.isFull() ? 0 : this.capacity - this.executions;
      if (room > 0 && table[h] === sureOf(block) && historyAfter(h, block) === h) {
        // Nothing but the count changes from here on.
        const rest = Math.min(count - done, room);
        state.hits += rest;
        this.executions += rest;
        this.instructions += rest * instructions;
        this.latestTime = first + done + rest - 1;
        done += rest;
      } else {
        this.execute(block, instructions, first + done++);
      }
    }
  }

  /** The task switch with this number took place at `time`. */
  taskSwitch(number: number, time: number): void {
    this.writeRecord(recordCode.taskSwitch, time, number);
    this.lastSwitch = number;
  }

  /** Makes the moment exact: predicted executions before it and after it do not share its time. */
  mark(time: number): void {
    this.writeRecord(recordCode.timeOnly, time);
  }

  /** Ends the chunk at `time` and begins another. Nothing is written for a chunk without executions. */
  seal(time: number): void {
    if (this.executions === 0) return;
    const payload = this.payloadUntil(time);
    this.begin(time);
    this.emit(payload);
  }

  /**
   * What `seal` would emit now, without ending the chunk; null when there is nothing in it.
   * @param lastDuration of the last execution
   */
  unsealed(lastDuration: number): Uint8Array | null {
    if (this.executions === 0) return null;
    const { at, state } = this;
    const { hits, recordTime } = state;
    const payload = this.payloadUntil(Math.max(this.latestTime + lastDuration, recordTime));
    this.at = at;
    state.hits = hits;
    state.recordTime = recordTime;
    return payload;
  }

  private payloadUntil(time: number): Uint8Array {
    this.writeRecord(recordCode.end, time);
    const payload = this.bytes.slice(0, this.at);
    writeExecutionHead(payload, {
      firstExecution: this.firstExecution,
      firstInstruction: this.firstInstruction,
      executions: this.executions,
      instructions: this.instructions,
      startTicks: BigInt(this.startTime),
      endTicks: BigInt(time),
      startTime: this.startTime,
      endTime: time,
      lastSwitch: this.switchBeforeChunk,
      blocksKnown: this.blocksKnown(),
      lastBlock: this.blockBeforeChunk,
    });
    return payload;
  }

  private isFull(): boolean {
    return this.at > this.payloadBytes || this.executions === this.capacity;
  }

  private begin(time: number): void {
    this.runs.clearTable(this.table);
    this.at = executionHeadBytes;
    this.state.history = 0;
    this.firstExecution += this.executions;
    this.firstInstruction += this.instructions;
    this.executions = 0;
    this.capacity = Math.min(chunkExecutions, 4 * this.capacity);
    this.instructions = 0;
    this.startTime = time;
    this.state.recordTime = time;
    this.blockBeforeChunk = this.lastBlock;
    this.switchBeforeChunk = this.lastSwitch;
  }

  private writeRecord(code: number, time: number, switchNumber = -1): void {
    this.reserve(longestRecord);
    const { bytes, state } = this;
    let at = writeVarint(bytes, this.at, state.hits);
    at = writeVarint(bytes, at, code);
    at = writeVarint(bytes, at, time - state.recordTime);
    if (switchNumber >= 0) at = writeVarint(bytes, at, switchNumber);
    this.at = at;
    state.recordTime = time;
    state.hits = 0;
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + more));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
