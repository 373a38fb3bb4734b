/** A column of 32-bit numbers that grows. */
export class GrowingColumn {
  private values = new Int32Array(1 << 10);
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** Makes it shorter. */
  set length(length: number) {
    this.count = Math.min(length, this.count);
  }

  /** As `Array.at`, of signed numbers; 0 where there is none. */
  at(index: number): number {
    const from = index < 0 ? this.count + index : index;
    return from >= 0 && from < this.count ? this.values[from] : 0;
  }

  /** Adds a number, of which the low 32 bits are kept. Answers its index. */
  push(value: number): number {
    if (this.count === this.values.length) {
      const larger = new Int32Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count] = value;
    return this.count++;
  }

  get signed(): Int32Array {
    return this.values.subarray(0, this.count);
  }

  get unsigned(): Uint32Array {
    return new Uint32Array(this.values.buffer, 0, this.count);
  }
}
