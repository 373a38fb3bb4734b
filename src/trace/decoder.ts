/**
 * Decodes execution chunks (docs/trace-format.md, "Executions") into batches of columns, by assembly/executionDecoder.ts.
 *
 * Every analysis starts here, so this is the hot path of the product: no object per execution or record, memory reused. Safe on any
 * bytes: a chunk delivers no more executions than its head admits, and none of a block that is not there.
 */
import code from "../../assembly/executionDecoder.wasm";
import { ExecutionBatch, type BatchPlaces } from "./executionBatch";
import { executionHeadBytes } from "./executionHead";
import { maximumCount } from "./limits";
import { endOfWholeRecords } from "./records";
import type { ExecutionChunk } from "./types";

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

type Places = { readonly [column in keyof BatchPlaces as `${column}At`]: WebAssembly.Global };

interface DecoderCode extends Places {
  begin(blocks: number, mostExecutions: number, start: number, perTick: number, latest: number): void;
  consumed(): number;
  refill(bytes: number, moreToCome: boolean): void;
  beginBatch(): void;
  decode(): number;
  delivered(): number;
  readonly capacity: WebAssembly.Global;
  readonly windowBytes: WebAssembly.Global;
  readonly windowAt: WebAssembly.Global;
  readonly weightAt: WebAssembly.Global;
  readonly steps: WebAssembly.Global;
  readonly spans: WebAssembly.Global;
  readonly cycles: WebAssembly.Global;
  readonly time: WebAssembly.Global;
  readonly damaged: WebAssembly.Global;
}

/** Steps that one chunk may ask for: a minute's work, far more than real chunks hold. */
const maximumSteps = 2 ** 32;
const pageBytes = 65536;

const nothing = new Uint8Array(0);

/** Decodes one chunk after another: `useBlocks`, then per chunk `begin`, `next` until it answers false, `outcome`. */
export class ChunkDecoder {
  /** Also its user's, as far as `useBlocks` gives it. */
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  /** What `next` fills. */
  readonly batch: ExecutionBatch;
  private readonly code: DecoderCode;
  private blockCount = 0;
  private payload: Uint8Array = nothing;
  /** Where in the payload the window begins, and where its records end. */
  private at = 0;
  private end = 0;
  private chunk: Pick<ExecutionChunk, "executions" | "sealed"> = { executions: 0, sealed: false };
  private steps = 0;
  private stopped = false;

  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory: this.memory } });
    this.code = instance.exports as unknown as DecoderCode;
    this.reserve(this.code.weightAt.value);
    const { blockAt, spanEndAt, spanTimeAt, spanWorkAt, spanSwitchAt } = this.code;
    const { cycleSpanAt, cycleEndAt, cycleLengthAt, cycleTimesAt } = this.code;
    this.batch = new ExecutionBatch(this.memory.buffer, this.code.capacity.value, {
      ...{ block: blockAt.value, spanEnd: spanEndAt.value, spanTime: spanTimeAt.value },
      ...{ spanWork: spanWorkAt.value, spanSwitch: spanSwitchAt.value, cycleSpan: cycleSpanAt.value },
      ...{ cycleEnd: cycleEndAt.value, cycleLength: cycleLengthAt.value, cycleTimes: cycleTimesAt.value },
    });
  }

  /** Where in the memory the blocks' weights are. */
  get weightAt(): number {
    return this.code.weightAt.value;
  }

  /**
   * Decodes chunks of these blocks from now on.
   * @param weight per block, what `spanWork` adds up
   * @param extraBytes of memory that the caller needs
   * @returns where in the memory they begin, a multiple of 16
   */
  useBlocks(weight: Uint16Array, extraBytes = 0): number {
    const { weightAt } = this;
    const extraAt = Math.ceil((weightAt + weight.byteLength) / 16) * 16;
    this.reserve(extraAt + extraBytes);
    new Uint16Array(this.memory.buffer, weightAt, weight.length).set(weight);
    this.blockCount = weight.length;
    return extraAt;
  }

  /**
   * Starts on a chunk.
   * @param payload the chunk's bytes from `chunk.offset` on, its 80-byte head included
   */
  begin(payload: Uint8Array, chunk: ExecutionChunk): void {
    const { sealed, executions, startTime, timePerTick } = chunk;
    this.payload = payload;
    this.chunk = chunk;
    this.at = executionHeadBytes;
    this.end = Math.min(payload.length, chunk.length);
    if (!sealed) this.end = endOfWholeRecords(payload, this.at, this.end);
    this.steps = 0;
    this.stopped = false;
    const limit = sealed ? executions : maximumCount - chunk.firstExecution;
    this.code.begin(this.blockCount, limit, startTime, timePerTick, sealed ? chunk.endTime : maximumCount);
  }

  /** Fills `batch` with what comes next; false when nothing was left. */
  next(): boolean {
    const { batch, code } = this;
    batch.startTime = code.time.value;
    const before = code.delivered();
    code.beginBatch();
    if (!this.stopped) while (code.decode() !== 0) this.refill();
    batch.steps = code.steps.value;
    batch.spans = code.spans.value;
    batch.cycles = code.cycles.value;
    batch.executions = code.delivered() - before;
    this.steps += batch.steps;
    if (this.steps > maximumSteps) this.stopped = true;
    return batch.spans > 0;
  }

  /** To be asked after `next` has answered false. */
  outcome(): ChunkOutcome {
    const executions = this.code.delivered();
    const lostExecutions = Math.max(0, this.chunk.executions - executions);
    // An unsealed chunk may break off anywhere.
    const damaged = this.chunk.sealed && (this.stopped || this.code.damaged.value !== 0);
    return { executions, endTime: this.code.time.value, intact: !damaged && lostExecutions === 0, lostExecutions };
  }

  /** Gives the code more of the payload, from the first byte on that it has not read. */
  private refill(): void {
    const { code, memory, payload } = this;
    this.at += code.consumed();
    const bytes = Math.max(0, Math.min(code.windowBytes.value, this.end - this.at));
    new Uint8Array(memory.buffer, code.windowAt.value, bytes).set(payload.subarray(this.at, this.at + bytes));
    code.refill(bytes, this.at + bytes < this.end);
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
  }
}
