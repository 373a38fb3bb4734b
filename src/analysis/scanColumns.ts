/** What scanning a chunk yields: per time bucket, the blocks that ran in it. Columns, so that they move between threads for free. */
export interface ScanColumns {
  /** The buckets that hold anything, ascending, as positions in the edges that the scan was given. */
  readonly bucket: Uint32Array;
  /** Bucket i owns the entries `start[i]` … `start[i + 1] - 1`; one longer than `bucket`. */
  readonly start: Uint32Array;
  readonly block: Uint32Array;
  readonly executions: Float64Array;
  /** Nanoseconds. */
  readonly time: Float64Array;
}

/** Collects bucket after bucket; the entries' columns grow by doubling. */
export class ScanColumnsBuilder {
  #bucket: number[] = [];
  #start: number[] = [0];
  #count = 0;
  #block = new Uint32Array(1024);
  #executions = new Float64Array(1024);
  #time = new Float64Array(1024);

  add(block: number, executions: number, time: number): void {
    this.#reserve(1);
    this.#block[this.#count] = block;
    this.#executions[this.#count] = executions;
    this.#time[this.#count++] = time;
  }

  /** Adds entries as they are. */
  addAll({ block, executions, time }: Pick<ScanColumns, "block" | "executions" | "time">): void {
    this.#reserve(block.length);
    this.#block.set(block, this.#count);
    this.#executions.set(executions, this.#count);
    this.#time.set(time, this.#count);
    this.#count += block.length;
  }

  /** What was added since the last call belongs to this bucket. */
  endBucket(bucket: number): void {
    if (this.#count === this.#start[this.#start.length - 1]) return;
    this.#bucket.push(bucket);
    this.#start.push(this.#count);
  }

  /** The columns in buffers of their own, and an empty builder. */
  take(): ScanColumns {
    const columns = {
      bucket: Uint32Array.from(this.#bucket),
      start: Uint32Array.from(this.#start),
      block: this.#block.slice(0, this.#count),
      executions: this.#executions.slice(0, this.#count),
      time: this.#time.slice(0, this.#count),
    };
    this.#bucket = [];
    this.#start = [0];
    this.#count = 0;
    return columns;
  }

  #reserve(more: number): void {
    const needed = this.#count + more;
    if (needed <= this.#block.length) return;
    const length = Math.max(needed, 2 * this.#block.length);
    this.#block = copied(new Uint32Array(length), this.#block);
    this.#executions = copied(new Float64Array(length), this.#executions);
    this.#time = copied(new Float64Array(length), this.#time);
  }
}

function copied<T extends Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
