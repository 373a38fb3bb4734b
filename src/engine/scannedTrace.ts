import { BlockProfile, noCosts, type BlockCosts, type ProfileSnapshot } from "../analysis/blockProfile";
import type { ScanColumns } from "../analysis/scanColumns";
import { rangeParts } from "../analysis/timeBuckets";
import type { TimeRange } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { nanoseconds, type Nanoseconds } from "../protocol/units";
import { endOfEvents } from "../trace/events/eventChunks";
import type { ExecutionChunk, TraceFile } from "../trace/types";
import type { ScanPool } from "./scanPool";

/** What reading the executions of a trace came to so far. */
export interface ScanState {
  readonly executions: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Payload bytes of chunks whose checksum or records are wrong, and the executions they should have held. */
  readonly damagedBytes: number;
  readonly lostExecutions: number;
}

/** What is kept on disk of a scan that ran to its end. */
export interface ScanRecord {
  readonly snapshot: ProfileSnapshot;
  readonly state: ScanState;
  readonly chunkEnds: Float64Array;
  readonly duration: number;
}

/** Numbers of traces for the worker threads: a trace that grew and is read again is another one. */
let nextNumber = 1;

/** As `Promise.all`, but it waits for all of them also when one rejects. */
async function everyOne(promises: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

const everything = new Float64Array([-Infinity, Infinity]);

/** A trace and the profile of its executions: what all questions about cost are answered from. */
export class ScannedTrace {
  #profile: BlockProfile;
  #state: ScanState;
  #duration: number;
  readonly #number = nextNumber++;
  /** Offsets of chunks that were read. */
  readonly #read = new Set<number>();
  /** Per chunk, the time (or execution number) at which it ends. */
  readonly #chunkEnds: Float64Array;
  readonly #clock: "host" | "events";
  /** In memory that the worker threads share. */
  readonly #instructions: Uint16Array;
  /** Ranges that were asked for last; people go back and forth between a few. */
  readonly #recent = new Map<string, BlockCosts>();
  /** Its chunks are not in the file any more. */
  #isGone = false;

  constructor(
    readonly file: TraceFile,
    private readonly pool: ScanPool,
  ) {
    this.#clock = file.metadata.clock?.kind ?? "host";
    const { count, instructions } = file.blocks;
    this.#instructions = new Uint16Array(new SharedArrayBuffer(2 * count));
    this.#instructions.set(instructions.subarray(0, count));
    this.#chunkEnds = Float64Array.from(file.chunks, ({ endTime }) => endTime);
    this.#duration = this.#chunkEnds.reduce((latest, end) => Math.max(latest, end), endOfEvents(file));
    this.#profile = BlockProfile.forDuration(count, this.#duration);
    const bytesTotal = file.chunks.reduce((sum, { length }) => sum + length, 0);
    this.#state = { executions: 0, bytesDone: 0, bytesTotal, damagedBytes: 0, lostExecutions: 0 };
  }

  /**
   * A trace that is being written.
   * @param earlier the same as it was before, read completely: its chunks are not read again
   */
  static grown(file: TraceFile, pool: ScanPool, earlier: ScannedTrace | undefined): ScannedTrace {
    const scanned = new ScannedTrace(file, pool);
    const profile = earlier?.profile ?? BlockProfile.forDuration(0, 0);
    scanned.#profile = profile.grown(file.blocks.count, scanned.#duration);
    if (earlier === undefined) return scanned;
    scanned.#state = { ...earlier.#state, bytesTotal: scanned.#state.bytesTotal };
    for (const offset of earlier.#read) scanned.#read.add(offset);
    return scanned;
  }

  get state(): ScanState {
    return this.#state;
  }

  get profile(): BlockProfile {
    return this.#profile;
  }

  /** Guest instructions per block. */
  get instructions(): Uint16Array {
    return this.#instructions;
  }

  /** End of the last execution or event: nanoseconds, or a number of executions where the trace has no clock. */
  get duration(): Nanoseconds {
    return nanoseconds(this.#duration);
  }

  /**
   * Reads all chunks, as many at a time as the pool has threads. Rejects as the pool does; what was read stays, with what threads were at by then.
   * @param free until then this thread needs a processor of its own
   */
  async scan(signal: AbortSignal, onProgress: () => void, free: Promise<void> = Promise.resolve()): Promise<void> {
    await this.#measureOpenChunks(signal);
    const chunks = this.file.chunks.filter(({ offset }) => !this.#read.has(offset));
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < chunks.length) {
        const chunk = chunks[next++];
        await this.#scanChunk(chunk, signal);
        onProgress();
      }
    };
    const { width, room } = this.pool;
    const before = width > 1 ? Array.from({ length: width - 1 }, work) : [];
    const after = free.then(() => everyOne(Array.from({ length: room + 1 - before.length }, work)));
    await everyOne([...before, after]);
  }

  /** Cost per block in a range; `null`: in the whole trace. Exact: what buckets do not tell is read again. */
  async costs(range: TimeRange | null, complete: boolean, signal?: AbortSignal): Promise<BlockCosts> {
    if (range === null) return this.#profile.totals;
    const key = `${range.start} ${range.end}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const costs = noCosts(this.file.blocks.count);
    const { edges } = this.#profile;
    const { from, to, partial } = rangeParts(edges, range, this.#duration);
    this.#profile.sum(from, to, costs);
    const scans = partial.map((part) => this.scanRange(Float64Array.of(part.start, part.end), signal));
    for (const columns of (await Promise.all(scans)).flat()) {
      for (let i = 0; i < columns.block.length; i++) {
        costs.executions[columns.block[i]] += columns.executions[i];
        costs.time[columns.block[i]] += columns.time[i];
      }
    }
    if (complete) {
      this.#recent.set(key, costs);
      if (this.#recent.size > 8) this.#recent.delete(this.#recent.keys().next().value ?? "");
    }
    return costs;
  }

  /** Chunks that hold anything of a range. */
  chunksIn(range: TimeRange): ExecutionChunk[] {
    return this.file.chunks.filter(
      (chunk, index) => chunk.startTime <= range.end && this.#chunkEnds[index] >= range.start,
    );
  }

  /** From now on nothing is read again: there is something else in the file. */
  leaveFile(): void {
    this.#isGone = true;
  }

  /** Reads the chunks of a range again, counting by these edges. Rejects with `damaged` after `leaveFile`. */
  async scanRange(edges: Float64Array, signal?: AbortSignal): Promise<ScanColumns[]> {
    if (this.#isGone) {
      throw new BootscopeError(
        "damaged",
        "The recording is not in its file any more: there are only the numbers of all that was read of it.",
        "Open the file again to see what is in it now.",
      );
    }
    const range = { start: nanoseconds(edges[0]), end: nanoseconds(edges[edges.length - 1]) };
    return Promise.all(
      this.chunksIn(range).map(async (chunk) => {
        const urgent = { urgent: true, ...(signal === undefined ? {} : { signal }) };
        return (await this.pool.scan(this.#task(chunk, edges), urgent)).columns;
      }),
    );
  }

  record(): ScanRecord {
    const { duration } = this;
    return { snapshot: this.#profile.snapshot(), state: this.#state, chunkEnds: this.#chunkEnds, duration };
  }

  /** Takes over what an earlier scan of the same file found. */
  restore(record: ScanRecord): void {
    this.#profile = BlockProfile.restore(this.file.blocks.count, record.snapshot);
    this.#state = record.state;
    this.#chunkEnds.set(record.chunkEnds);
    this.#duration = record.duration;
  }

  /** A chunk that was not closed does not say when it ends: the buckets need to know before the scan. */
  async #measureOpenChunks(signal: AbortSignal): Promise<void> {
    const { chunks, blocks } = this.file;
    const open = chunks.flatMap((chunk, index) => (chunk.sealed ? [] : [{ chunk, index }]));
    if (open.length === 0) return;
    for (const { chunk, index } of open) {
      const { outcome } = await this.pool.scan(this.#task(chunk, everything), { signal });
      this.#chunkEnds[index] = outcome.endTime;
      this.#duration = Math.max(this.#duration, outcome.endTime);
    }
    this.#profile = BlockProfile.forDuration(blocks.count, this.#duration);
  }

  async #scanChunk(chunk: ExecutionChunk, signal: AbortSignal): Promise<void> {
    const { edges, level } = this.#profile;
    const { columns, firstBlock, firstTime, outcome } = await this.pool.scan(this.#task(chunk, edges), { signal });
    this.#profile.add(columns, level);
    this.#profile.addFirst(firstBlock, firstTime);
    this.#read.add(chunk.offset);
    const state = this.#state;
    this.#state = {
      ...state,
      executions: state.executions + outcome.executions,
      bytesDone: state.bytesDone + chunk.length,
      damagedBytes: state.damagedBytes + (outcome.intact ? 0 : chunk.length),
      lostExecutions: state.lostExecutions + outcome.lostExecutions,
    };
  }

  #task(chunk: ExecutionChunk, edges: Float64Array) {
    const blocks = { instructions: this.#instructions, clock: this.#clock };
    return { trace: this.#number, path: this.file.path, blocks, chunk, edges };
  }
}
