/** Where importers put executions: numbers blocks, keeps one stream per vCPU, and takes back what did not run after all. */
import type { ExecutionEncoder } from "../encoder";
import { maximumCount } from "../limits";
import type { TraceWriter } from "../writer";
import { AddressIndex } from "./addressIndex";
import type { BlockContent } from "./blockContents";

/** More streams than any guest has vCPUs: beyond, threads share the last one. */
const maximumStreams = 1024;

/** What somebody else's numbers of addresses mean. */
export interface BlockTranslation {
  /** By number, the trace's block; -1: the address is one too many for the trace. */
  readonly blocks: Int32Array;
  /** None of them is -1. */
  readonly complete: boolean;
}

/** One vCPU (or thread, where the source knows no vCPUs), one execution behind the source. */
interface Stream {
  readonly vcpu: number;
  readonly encoder: ExecutionEncoder;
  /** Block announced last and not yet known to have run, or -1. */
  pending: number;
  pendingTime: number;
  pendingKey: number;
  latest: number;
  /** Without a clock: the position after its last execution. */
  end: number;
}

/**
 * QEMU announces a block before it runs and sometimes says afterwards that it did not run: so the last announcement of each
 * stream is held back until the next one confirms it.
 */
export class ExecutionSink {
  /** Times that lay before the one before them; they were raised to it. */
  stepsBack = 0;
  executions = 0;
  /** Announcements of blocks whose addresses were too many. */
  unnumbered = 0;
  private readonly index: AddressIndex;
  /** By number of the address: the block that is there now. */
  private readonly blocks: number[] = [];
  private readonly streams = new Map<number, Stream>();
  private readonly numberedThreads = new Map<number, number>();
  private last: Stream | null = null;
  private now = 0;
  /** Without a clock: announcements so far, over all streams. They are the times of such a trace. */
  private position = 0;
  /** Of the first execution that has a time; NaN: none had. */
  private start = NaN;
  private readonly oneTime = new Float64Array(1);

  /**
   * @param clock "events": times given are ignored, and the executions of all streams are counted instead
   * @param contentAt what is known of the block at an address now
   */
  constructor(
    private readonly writer: TraceWriter,
    private readonly clock: "host" | "events",
    private readonly contentAt: (address: bigint) => BlockContent = () => ({}),
  ) {
    // Before the first execution, so that the trace can be read while it grows.
    writer.addMetadata({ clock: { kind: clock, tickShift: 0 }, instructionsCounted: false });
    this.index = new AddressIndex((low, high) => {
      this.blocks.push(this.addBlock((BigInt(high) << 32n) | BigInt(low)));
    });
  }

  get vcpus(): number {
    return this.streams.size;
  }

  /** Time of the first execution as it was announced, which the trace begins with; NaN: none had one. */
  get startTime(): number {
    return this.start;
  }

  /** Where the trace ends so far. */
  get endTime(): number {
    return this.clock === "events" ? this.position : this.now;
  }

  /** Number of the block at an address, which becomes a block of the trace when it is new; -1 when it is one too many. */
  blockAt(low: number, high: number): number {
    return this.currentBlock(this.numberOf(low, high));
  }

  /** Number of an address, which becomes that of a block of the trace when it is new; -1 when it is one too many. */
  numberOf(low: number, high: number): number {
    return this.index.numberOf(low, high);
  }

  /** Room for block numbers that `announceRun` takes. */
  newTranslation(entries: number): Int32Array {
    return this.writer.runs.newWords(entries);
  }

  /** Number of an address that has a block already, or -1. */
  findNumber(address: bigint): number {
    return this.index.find(Number(address & 0xffff_ffffn), Number(address >> 32n));
  }

  /** The block that is at an address now. @param number as `numberOf` gives it */
  currentBlock(number: number): number {
    return number < 0 ? -1 : this.blocks[number];
  }

  /** What is known of an address changed: executions at it are those of another block from now on. */
  renewBlock(number: number, address: bigint): void {
    this.blocks[number] = this.addBlock(address);
  }

  /**
   * A block is about to run.
   * @param vcpu number of the stream
   * @param block as `blockAt` numbers it; -1: it is counted as unnumbered
   * @param time nanoseconds on the source's clock; NaN: as before
   * @param key what `withdrawKey` will compare
   */
  announce(vcpu: number, block: number, time: number, key: number): void {
    const stream = this.last?.vcpu === vcpu ? this.last : this.streamOf(vcpu);
    if (stream.pending >= 0) this.confirm(stream);
    if (block < 0) this.unnumbered++;
    stream.pending = block;
    stream.pendingTime = this.clock === "events" ? this.position++ : time;
    stream.pendingKey = key;
    this.last = stream;
  }

  /**
   * Announces rows `from` to `to` of one stream, one after the other as `announce` does.
   * @param numbers by row, the number that `translation` translates
   * @param times by row, if the source has a clock; they are overwritten
   * @param lastKey of the last row
   * @param ascending no time is before the one before it
   */
  announceRun(
    vcpu: number,
    numbers: Uint32Array,
    { blocks, complete }: BlockTranslation,
    times: Float64Array,
    from: number,
    to: number,
    lastKey: number,
    ascending = false,
  ): void {
    let row = from;
    const last = to - 1;
    if (complete && from < last) {
      this.announce(vcpu, blocks[numbers[from]], times[from], 0);
      const stream = this.streamOf(vcpu);
      this.confirm(stream);
      if (this.clock === "host" && !(ascending && this.areSettled(stream, times, from + 1, last))) {
        this.settleTimes(stream, times, from + 1, last);
      }
      const run = { numbers, translation: blocks, times: this.clock === "host" ? times : null };
      stream.encoder.executeRun(run, from + 1, last, this.position);
      const count = last - from - 1;
      this.executions += count;
      if (this.clock === "events") {
        this.position += count;
        stream.end = this.position;
      }
      row = last;
    }
    for (; row < to; row++) this.announce(vcpu, blocks[numbers[row]], times[row], row === last ? lastKey : 0);
  }

  /** What was announced last did run, whatever is said later. */
  confirmLast(): void {
    if (this.last !== null && this.last.pending >= 0) this.confirm(this.last);
  }

  /** The block did not run, if it is what a stream announced last. */
  withdraw(block: number): void {
    const stream =
      this.last?.pending === block ? this.last : [...this.streams.values()].find(({ pending }) => pending === block);
    if (stream !== undefined) this.forget(stream);
  }

  /** As `withdraw`, for the stream that announced last, by key instead of address. */
  withdrawKey(key: number): void {
    if (this.last !== null && this.last.pendingKey === key) this.forget(this.last);
  }

  /** Number of the stream for a thread: threads are numbered as they appear. */
  streamOfThread(thread: number): number {
    let number = this.numberedThreads.get(thread);
    if (number === undefined) {
      number = Math.min(this.numberedThreads.size, maximumStreams - 1);
      this.numberedThreads.set(thread, number);
    }
    return number;
  }

  /** Confirms what was announced last. Answers the time at which the trace ends. */
  finish(): number {
    for (const stream of this.streams.values()) {
      if (stream.pending >= 0) this.confirm(stream);
      if (this.clock === "events") stream.encoder.mark(stream.end);
    }
    return this.endTime;
  }

  private addBlock(address: bigint): number {
    return this.writer.addBlock({ address, ...this.contentAt(address) });
  }

  /** What a stream announced last did not run. Its position is given again, unless another stream went on meanwhile. */
  private forget(stream: Stream): void {
    if (stream.pending >= 0 && stream.pendingTime === this.position - 1) this.position--;
    stream.pending = -1;
  }

  private streamOf(vcpu: number): Stream {
    let stream = this.streams.get(vcpu);
    if (stream === undefined) {
      stream = {
        vcpu,
        encoder: this.writer.stream(vcpu),
        pending: -1,
        pendingTime: NaN,
        pendingKey: 0,
        latest: 0,
        end: 0,
      };
      this.streams.set(vcpu, stream);
    }
    return stream;
  }

  private confirm(stream: Stream): void {
    this.executions++;
    const time = this.clock === "events" ? this.resume(stream) : this.timeOf(stream);
    stream.encoder.execute(stream.pending, 0, time);
    stream.pending = -1;
  }

  /** Where other streams ran in between, both moments are made exact, so that executions are not spread over the pause. */
  private resume(stream: Stream): number {
    const time = stream.pendingTime;
    if (time !== stream.end) {
      stream.encoder.mark(stream.end);
      stream.encoder.mark(time);
    }
    stream.end = time + 1;
    return time;
  }

  private timeOf(stream: Stream): number {
    this.oneTime[0] = stream.pendingTime;
    this.settleTimes(stream, this.oneTime, 0, 1);
    return this.oneTime[0];
  }

  /** Whether times that ascend are those of the trace already; if so, notes the last. */
  private areSettled(stream: Stream, times: Float64Array, from: number, to: number): boolean {
    if (from >= to || this.start !== 0 || !(times[from] >= stream.latest && times[to - 1] <= maximumCount))
      return false;
    stream.latest = times[to - 1];
    this.now = Math.max(this.now, stream.latest);
    return true;
  }

  /** Turns times of the source into times of the trace, which begin with 0, do not step back, and fit into it. */
  private settleTimes(stream: Stream, times: Float64Array, from: number, to: number): void {
    let { latest } = stream;
    for (let row = from; row < to; row++) {
      if (Number.isNaN(this.start)) this.start = times[row];
      const time = times[row] - this.start;
      if (time >= latest && time <= maximumCount) latest = time;
      else if (!Number.isNaN(time)) this.stepsBack++;
      times[row] = latest;
    }
    stream.latest = latest;
    if (latest > this.now) this.now = latest;
  }
}
