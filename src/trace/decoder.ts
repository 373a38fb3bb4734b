/**
 * Decodes execution chunks (docs/trace-format.md, "Executions") into batches of typed arrays.
 *
 * Every analysis starts here, so this is the hot path of the product: no object per execution or record, repeated blocks
 * in one step once the predictor has reached its fixpoint, buffers reused. Safe on any bytes: block numbers are checked
 * where they enter the predictor, and a chunk delivers no more executions than its head admits.
 */
import { executionHeadBytes, recordCode } from "./executionHead";
import { maximumCount } from "./limits";
import { PredictorTable } from "./predictor";
import { endOfWholeRecords } from "./records";
import type { ExecutionChunk } from "./types";
import { varintEnd, varintValue } from "./varint";

/**
 * A stretch of a chunk: columns of `runs` (executions in order, repeats folded) and, over them, of `spans`.
 *
 * A span is what happened between two moments whose time is exact. Span s holds the runs from `spanEnd[s - 1]` (0 for the
 * first) up to `spanEnd[s]` and lasted from `spanTime[s - 1]` (`startTime`) to `spanTime[s]`; inside it, time is to be spread
 * by instruction count. A span may hold no runs. A span too long for one batch comes in parts, its time divided by executions.
 */
export class RunBatch {
  static readonly capacity = 16384;
  runs = 0;
  /** Block number of each run. */
  readonly block = new Uint32Array(RunBatch.capacity + 1);
  /** How often the block was executed in a row, at least 1. */
  readonly repeat = new Uint32Array(RunBatch.capacity + 1);
  spans = 0;
  readonly spanEnd = new Uint32Array(RunBatch.capacity + 2);
  /** Nanoseconds since the recording's start. */
  readonly spanTime = new Float64Array(RunBatch.capacity + 2);
  /** What the span's time is to be spread by: the sum of its executions' weights, as given to `begin`. */
  readonly spanWork = new Float64Array(RunBatch.capacity + 2);
  /** The task switch that took place at the end of each span, or -1. */
  readonly spanSwitch = new Int32Array(RunBatch.capacity + 2);
  /** Nanoseconds since the recording's start at the start of the batch. */
  startTime = 0;
  /** Executions of the chunk before this batch, and in it. */
  executionsBefore = 0;
  executions = 0;
}

/** What decoding a chunk came to. */
export interface ChunkOutcome {
  readonly executions: number;
  /** Nanoseconds since the recording's start. */
  readonly endTime: number;
  /** The records are what the head says (sealed), or broke off where an unsealed chunk may. */
  readonly intact: boolean;
  /** Executions that the head promises and the records do not hold. */
  readonly lostExecutions: number;
}

/** Predicted executions that one chunk may ask for, repeats not counted: a minute's work, far more than real chunks hold. */
const maximumSteps = 2 ** 32;
const maximumRepeat = 0xffffffff;

const noChunk: ExecutionChunk = Object.freeze({
  offset: 0 as ExecutionChunk["offset"],
  length: 0,
  sealed: false,
  crc: 0,
  vcpu: 0,
  firstExecution: 0,
  firstInstruction: 0,
  executions: 0,
  instructions: 0,
  startTime: 0,
  endTime: 0,
  timePerTick: 0,
  lastBlock: -1,
  lastSwitch: -1,
});

/** Decodes one chunk after another: `begin`, `next` until it answers false, `outcome`. */
export class ChunkDecoder {
  private readonly table = new PredictorTable();
  private payload: Uint8Array = new Uint8Array(0);
  private chunk = noChunk;
  private blockCount = 0;
  private weight: Uint16Array = new Uint16Array(0);
  private ones = new Uint16Array(0);
  private at = 0;
  private end = 0;
  private history = 0;
  private ticks = 0;
  private time = 0;
  private executions = 0;
  private limit = 0;
  private steps = 0;
  private finished = true;
  private intact = true;
  // The record being delivered: what is left of its hits, what follows them, and when.
  private inRecord = false;
  private hits = 0;
  private code: number = recordCode.notWritten;
  private switchNumber = -1;
  private recordTime = 0;
  /** Executions since the last exact moment that the batches have not yet closed into a part, hits to come included. */
  private spanExecutions = 0;
  /** Of these, the ones in the batch's open span. */
  private openExecutions = 0;
  private openWork = 0;

  /**
   * Starts on a chunk.
   * @param payload the chunk's bytes from `chunk.offset` on, its 80-byte head included
   * @param blockCount blocks of the trace: a record that names another ends the chunk as damaged
   * @param weight per block, what `spanWork` adds up; 1 by default. Summed here, as following the predictor leaves time for it
   */
  begin(
    payload: Uint8Array,
    chunk: ExecutionChunk,
    blockCount: number,
    weight: Uint16Array = this.sameWeight(blockCount),
  ): void {
    this.table.reset();
    this.payload = payload;
    this.chunk = chunk;
    this.blockCount = blockCount;
    this.weight = weight;
    this.at = executionHeadBytes;
    this.end = Math.min(payload.length, chunk.length);
    if (!chunk.sealed) this.end = endOfWholeRecords(payload, this.at, this.end);
    this.history = 0;
    this.ticks = 0;
    this.time = chunk.startTime;
    this.executions = 0;
    this.limit = chunk.sealed ? chunk.executions : maximumCount - chunk.firstExecution;
    this.steps = 0;
    this.finished = false;
    this.intact = true;
    this.inRecord = false;
    this.hits = 0;
    this.spanExecutions = 0;
    this.openExecutions = 0;
    this.openWork = 0;
  }

  /** Fills `batch` with what comes next; false when nothing was left. */
  next(batch: RunBatch): boolean {
    batch.runs = 0;
    batch.spans = 0;
    batch.startTime = this.time;
    batch.executionsBefore = this.executions;
    this.openExecutions = 0;
    while (!this.finished) {
      if (!this.inRecord && !this.readRecord()) {
        this.finished = true;
        this.recordTime = this.time;
        break;
      }
      if (batch.runs >= RunBatch.capacity || batch.spans >= RunBatch.capacity) break;
      this.expandHits(batch);
      if (this.hits === 0) this.closeRecord(batch);
    }
    if (this.openExecutions > 0) this.closePart(batch);
    batch.executions = this.executions - batch.executionsBefore;
    this.steps += batch.runs;
    if (this.steps > maximumSteps) this.stopAsDamaged();
    return batch.runs > 0 || batch.spans > 0;
  }

  /** To be asked after `next` has answered false. */
  outcome(): ChunkOutcome {
    const lostExecutions = Math.max(0, this.chunk.executions - this.executions);
    const { executions, time: endTime } = this;
    return { executions, endTime, intact: this.intact && lostExecutions === 0, lostExecutions };
  }

  private sameWeight(blockCount: number): Uint16Array {
    if (this.ones.length !== blockCount) this.ones = new Uint16Array(blockCount).fill(1);
    return this.ones;
  }

  /** Parses the next record; false at the end of the chunk or at bytes that cannot be a record. */
  private readRecord(): boolean {
    const { payload, end } = this;
    let at = this.at;
    if (at >= end) return false;
    let hits = payload[at];
    if (hits < 0x80) at++;
    else {
      const next = varintEnd(payload, at, end);
      if (next < 0) return this.stopAsDamaged();
      hits = varintValue(payload, at, next);
      at = next;
    }
    const codeEnd = varintEnd(payload, at, end);
    if (codeEnd < 0) return this.stopAsDamaged();
    const code = varintValue(payload, at, codeEnd);
    at = codeEnd;
    const ticksEnd = varintEnd(payload, at, end);
    if (ticksEnd < 0) return this.stopAsDamaged();
    const ticks = varintValue(payload, at, ticksEnd);
    at = ticksEnd;
    if (code === recordCode.taskSwitch) {
      const switchEnd = varintEnd(payload, at, end);
      if (switchEnd < 0) return this.stopAsDamaged();
      const number = varintValue(payload, at, switchEnd);
      this.switchNumber = number <= 0x7fffffff ? number : -1;
      at = switchEnd;
    }
    const block = code - recordCode.firstBlock;
    const known =
      code < recordCode.firstBlock ? code >= recordCode.taskSwitch && code <= recordCode.end : block < this.blockCount;
    const executed = hits + (block >= 0 ? 1 : 0);
    if (!known || this.executions + executed > this.limit || (hits > 0 && this.blockCount === 0))
      return this.stopAsDamaged();
    this.at = at;
    this.ticks += ticks;
    this.hits = hits;
    this.code = code;
    this.spanExecutions += hits;
    this.inRecord = true;
    this.recordTime = this.timeAt(this.ticks);
    return true;
  }

  /** Nanoseconds at `ticks` units after the chunk's start; a sealed chunk ends when its head says. */
  private timeAt(ticks: number): number {
    const time = this.chunk.startTime + ticks * this.chunk.timePerTick;
    return Math.min(time, this.chunk.sealed ? this.chunk.endTime : maximumCount);
  }

  /** Follows the predictor for the record's hits, as far as the batch has room. */
  private expandHits(batch: RunBatch): void {
    let hits = this.hits;
    if (hits === 0) return;
    const { block: tableBlock, next: tableNext, sure: tableSure } = this.table;
    const { block, repeat } = batch;
    const { weight } = this;
    let work = 0;
    let { runs } = batch;
    let h = this.history;
    const before = hits;
    while (hits > 0 && runs < RunBatch.capacity) {
      const next = tableNext[h];
      tableSure[h] = 1;
      const b = tableBlock[h];
      block[runs] = b;
      work += weight[b];
      hits--;
      if (next === h && hits > 0) {
        const rest = Math.min(hits, maximumRepeat - 1);
        repeat[runs] = 1 + rest;
        hits -= rest;
        work += rest * weight[b];
      } else {
        repeat[runs] = 1;
      }
      runs++;
      h = next;
    }
    this.history = h;
    this.hits = hits;
    batch.runs = runs;
    this.executions += before - hits;
    this.openExecutions += before - hits;
    this.openWork += work;
  }

  /** The record's hits are delivered: its moment ends the span, and its own block begins the next. */
  private closeRecord(batch: RunBatch): void {
    const { code } = this;
    this.inRecord = false;
    this.closeSpan(batch, this.recordTime, code === recordCode.taskSwitch ? this.switchNumber : -1);
    this.spanExecutions = 0;
    if (code >= recordCode.firstBlock) {
      const b = code - recordCode.firstBlock;
      this.history = this.table.correct(this.history, b);
      batch.block[batch.runs] = b;
      batch.repeat[batch.runs] = 1;
      batch.runs++;
      this.executions++;
      this.openExecutions = 1;
      this.openWork = this.weight[b];
      this.spanExecutions = 1;
    } else if (code === recordCode.end) {
      this.finished = true;
    }
  }

  /** Ends a batch inside a span: the part takes its share, by executions, of the span's time. */
  private closePart(batch: RunBatch): void {
    const share = this.openExecutions / this.spanExecutions;
    const time = this.time + (this.recordTime - this.time) * share;
    this.spanExecutions -= this.openExecutions;
    this.closeSpan(batch, time, -1);
  }

  private closeSpan(batch: RunBatch, time: number, switchNumber: number): void {
    batch.spanEnd[batch.spans] = batch.runs;
    batch.spanTime[batch.spans] = time;
    batch.spanSwitch[batch.spans] = switchNumber;
    batch.spanWork[batch.spans] = this.openWork;
    batch.spans++;
    this.time = time;
    this.openExecutions = 0;
    this.openWork = 0;
  }

  /** Ends the chunk here. Answers false, as `readRecord` does at an end. In an unsealed chunk this is no damage. */
  private stopAsDamaged(): false {
    this.finished = true;
    this.intact &&= !this.chunk.sealed;
    return false;
  }
}
