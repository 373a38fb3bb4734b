/** Columns that a scan counts into. They lie in its decoder's memory, so that assembly/blockCounts.ts counts into them as well. */
import code from "../../assembly/blockCounts.wasm";
import type { ChunkDecoder } from "../trace/decoder";

/** Counting code in a decoder's memory. It has a place in the batch: what comes before it is counted. */
export interface CountsCode {
  placeBatch(...columns: number[]): void;
  placeColumns(...columns: number[]): void;
  /** Counts until a span has to be counted otherwise; docs are there. */
  countSpans(spans: number, cycles: number, inside: number, outside: number): void;
  readonly scan: WebAssembly.Global;
  readonly running: WebAssembly.Global;
  readonly span: WebAssembly.Global;
  readonly step: WebAssembly.Global;
  readonly time: WebAssembly.Global;
  readonly cycle: WebAssembly.Global;
}

/** The code that counts what a decoder decodes. */
export function countsCode({ memory, batch }: ChunkDecoder): CountsCode {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const counting = instance.exports as unknown as CountsCode;
  const { block, spanEnd, spanTime, spanWork, cycleSpan, cycleEnd, cycleLength, cycleTimes } = batch.at;
  counting.placeBatch(block, spanEnd, spanTime, spanWork, cycleSpan, cycleEnd, cycleLength, cycleTimes);
  return counting;
}

/** Bytes for each block: two counts, two places in `touched`, and one in each other column. */
const bytesPerBlock = 16 + 8 + 8 + 4 + 4;
const lengthsBytes = 16;
enum Length {
  Touched,
  First,
}

export class CountColumns {
  /** Per block: executions at 2b, nanoseconds per unit of weight at 2b + 1. One cache line for both. */
  readonly counts: Float64Array;
  /** Blocks with something in `counts`, some of them twice: by their first piece of time, and by their first execution. */
  readonly touched: Uint32Array;
  /** Per block, the scan (numbered from 1) that saw it last. */
  readonly #seenIn: Uint32Array;
  readonly #firstBlock: Uint32Array;
  readonly #firstTime: Float64Array;
  readonly #lengths: Uint32Array;
  #scan = 0;

  /** @param weight per block, what the time of a span is shared by; at least 1 */
  constructor(
    decoder: ChunkDecoder,
    readonly code: CountsCode,
    readonly weight: Uint16Array,
  ) {
    const count = weight.length;
    const lengths = decoder.useBlocks(weight, lengthsBytes + bytesPerBlock * count);
    const counts = lengths + lengthsBytes;
    const firstTime = counts + 16 * count;
    const touched = firstTime + 8 * count;
    const firstBlock = touched + 8 * count;
    const seen = firstBlock + 4 * count;
    const { buffer } = decoder.memory;
    this.#lengths = new Uint32Array(buffer, lengths, 2).fill(0);
    this.counts = new Float64Array(buffer, counts, 2 * count).fill(0);
    this.#firstTime = new Float64Array(buffer, firstTime, count);
    this.touched = new Uint32Array(buffer, touched, 2 * count);
    this.#firstBlock = new Uint32Array(buffer, firstBlock, count);
    this.#seenIn = new Uint32Array(buffer, seen, count).fill(0);
    code.placeColumns(decoder.weightAt, counts, touched, seen, firstBlock, firstTime, lengths);
  }

  /** Forgets which blocks were seen. */
  beginScan(): void {
    this.code.scan.value = ++this.#scan;
    this.#lengths[Length.First] = 0;
  }

  /** Adds to the counts of a block. */
  add(block: number, executions: number, time: number): void {
    if (executions === 0 && time === 0) return;
    if (this.counts[2 * block] === 0 && (executions > 0 || this.counts[2 * block + 1] === 0)) {
      this.touched[this.#lengths[Length.Touched]++] = block;
    }
    this.counts[2 * block] += executions;
    this.counts[2 * block + 1] += time / this.weight[block];
  }

  /** Empties the counts: calls back with what was in them, block after block, perhaps nothing. */
  take(visit: (block: number, executions: number, time: number) => void): void {
    const { counts, touched } = this;
    for (let i = 0; i < this.#lengths[Length.Touched]; i++) {
      const block = touched[i];
      const at = 2 * block;
      visit(block, counts[at], counts[at + 1] * this.weight[block]);
      counts[at] = 0;
      counts[at + 1] = 0;
    }
    this.#lengths[Length.Touched] = 0;
  }

  /** Notes when a block began, unless the scan saw it before. */
  see(block: number, time: number): void {
    if (this.#seenIn[block] === this.#scan) return;
    this.#seenIn[block] = this.#scan;
    const first = this.#lengths[Length.First]++;
    this.#firstBlock[first] = block;
    this.#firstTime[first] = time;
  }

  /** Blocks that the scan saw, in the order of their first execution, and when that began. */
  seen(): { readonly firstBlock: Uint32Array; readonly firstTime: Float64Array } {
    const count = this.#lengths[Length.First];
    // Copies in memory that may be transferred, which the decoder's may not.
    return {
      firstBlock: Uint32Array.from(this.#firstBlock.subarray(0, count)),
      firstTime: Float64Array.from(this.#firstTime.subarray(0, count)),
    };
  }
}
