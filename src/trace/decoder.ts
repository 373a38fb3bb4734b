/**
 * Decodes execution chunks (docs/trace-format.md, "Executions") into batches of typed arrays.
 *
 * Every analysis starts here, so this is the hot path of the product: no object per execution or record, buffers reused, and
 * loops of the guest in one step: where following the predictor leads back to a history that was there before, all hits that
 * are left go round the same way. Safe on any bytes: block numbers are checked where they enter the predictor, and a chunk
 * delivers no more executions than its head admits.
 */
import { ExecutionBatch } from "./executionBatch";
import { executionHeadBytes, recordCode } from "./executionHead";
import { maximumCount } from "./limits";
import { PredictorEntry, PredictorTable } from "./predictor";
import { endOfWholeRecords } from "./records";
import type { ExecutionChunk } from "./types";
import { varintEnd, varintValue } from "./varint";

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

/** Steps that one chunk may ask for: a minute's work, far more than real chunks hold. */
const maximumSteps = 2 ** 32;
/** Hits that are followed without looking for a cycle: most records have no more. */
const straightHits = 16;
/** Steps after which a cycle is looked for from a later history; doubled each time (Brent's algorithm). */
const firstSearch = 32;

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
  // Times in nanoseconds, and doubles from the start: fields that change from integers to doubles cost V8 a quarter of its speed.
  private startTime = NaN;
  private timePerTick = NaN;
  private latestTime = NaN;
  private time = NaN;
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
  private recordTime = NaN;
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
    this.table.reset(blockCount > 0 ? weight[0] : 0);
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
    this.startTime = chunk.startTime;
    this.timePerTick = chunk.timePerTick;
    this.latestTime = chunk.sealed ? chunk.endTime : maximumCount;
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
  next(batch: ExecutionBatch): boolean {
    batch.begin(this.time, this.executions);
    this.openExecutions = 0;
    while (!this.finished) {
      if (!this.inRecord && !this.readRecord()) {
        this.finished = true;
        this.recordTime = this.time;
        break;
      }
      if (batch.steps >= ExecutionBatch.capacity || batch.spans >= ExecutionBatch.capacity) break;
      if (this.hits > 0) this.follow(batch);
      if (this.hits === 0) this.closeRecord(batch);
    }
    if (this.openExecutions > 0) this.closePart(batch);
    batch.executions = this.executions - batch.executionsBefore;
    this.steps += batch.steps;
    if (this.steps > maximumSteps) this.stopAsDamaged();
    return batch.steps > 0 || batch.spans > 0;
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
    this.recordTime = Math.min(this.startTime + this.ticks * this.timePerTick, this.latestTime);
    return true;
  }

  /** Follows the predictor for the record's hits, as far as the batch has room. */
  private follow(batch: ExecutionBatch): void {
    const { words } = this.table;
    const { block } = batch;
    const { hits } = this;
    const from = batch.steps;
    let step = from;
    let work = 0;
    let h = this.history;
    const room = ExecutionBatch.capacity - from;
    let to = from + (hits < straightHits ? hits : straightHits);
    if (to > ExecutionBatch.capacity) to = ExecutionBatch.capacity;
    for (; step < to; step++) {
      const prediction = words[2 * h];
      const rest = words[2 * h + 1];
      if (prediction >= 0) words[2 * h] = prediction | PredictorEntry.Sure;
      block[step] = prediction & PredictorEntry.BlockMask;
      work += rest >>> PredictorEntry.WeightShift;
      h = rest & PredictorEntry.HistoryMask;
    }
    let folded = 0;
    to = from + Math.min(room, hits);
    if (step < to) {
      // Since when the history `start` is looked for.
      let start = h;
      let startStep = step;
      let startWork = work;
      let searchEnd = step + firstSearch;
      while (step < to) {
        const prediction = words[2 * h];
        const rest = words[2 * h + 1];
        if (prediction >= 0) words[2 * h] = prediction | PredictorEntry.Sure;
        block[step++] = prediction & PredictorEntry.BlockMask;
        work += rest >>> PredictorEntry.WeightShift;
        h = rest & PredictorEntry.HistoryMask;
        if (h === start) {
          const left = hits - (step - from);
          const length = step - startStep;
          const times = Math.floor(left / length);
          if (times > 0) {
            batch.steps = step;
            batch.addCycle(length, times);
            folded = times * length;
            work += times * (work - startWork);
          }
          to = Math.min(ExecutionBatch.capacity, step + left - folded);
          start = -1;
        } else if (step === searchEnd) {
          searchEnd += 2 * (step - startStep);
          start = h;
          startStep = step;
          startWork = work;
        }
      }
    }
    const done = step - from + folded;
    this.history = h;
    this.hits = hits - done;
    batch.steps = step;
    this.openWork += work;
    this.executions += done;
    this.openExecutions += done;
  }

  /** The record's hits are delivered: its moment ends the span, and its own block begins the next. */
  private closeRecord(batch: ExecutionBatch): void {
    const { code } = this;
    this.inRecord = false;
    this.closeSpan(batch, this.recordTime, code === recordCode.taskSwitch ? this.switchNumber : -1);
    this.spanExecutions = 0;
    if (code >= recordCode.firstBlock) {
      const b = code - recordCode.firstBlock;
      const weight = this.weight[b];
      this.history = this.table.correct(this.history, b, weight);
      batch.block[batch.steps++] = b;
      this.executions++;
      this.openExecutions = 1;
      this.openWork = weight;
      this.spanExecutions = 1;
    } else if (code === recordCode.end) {
      this.finished = true;
    }
  }

  /** Ends a batch inside a span: the part takes its share, by executions, of the span's time. */
  private closePart(batch: ExecutionBatch): void {
    const share = this.openExecutions / this.spanExecutions;
    const time = this.time + (this.recordTime - this.time) * share;
    this.spanExecutions -= this.openExecutions;
    this.closeSpan(batch, time, -1);
  }

  private closeSpan(batch: ExecutionBatch, time: number, switchNumber: number): void {
    batch.closeSpan(time, this.openWork, switchNumber);
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
