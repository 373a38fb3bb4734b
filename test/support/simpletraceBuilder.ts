/** Writes QEMU's simple traces of version 4, as trace/simple.c lays them out. */
export class SimpletraceBuilder {
  private readonly parts: Buffer[] = [];

  constructor(private readonly littleEndian = true) {
    this.words(2n ** 64n - 1n, 0xf2b177cb0aa429b4n, 4n);
  }

  mapping(id: number, name: string): this {
    return this.words(0n, BigInt(id)).half(name.length).add(Buffer.from(name));
  }

  /** @param time nanoseconds */
  event(id: bigint, time: bigint, pid: number, ...args: bigint[]): this {
    return this.words(1n, id, time)
      .half(24 + 8 * args.length)
      .half(pid)
      .words(...args);
  }

  add(part: Buffer): this {
    this.parts.push(part);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private words(...values: bigint[]): this {
    for (const value of values) {
      const part = Buffer.alloc(8);
      if (this.littleEndian) part.writeBigUInt64LE(value);
      else part.writeBigUInt64BE(value);
      this.parts.push(part);
    }
    return this;
  }

  private half(value: number): this {
    const part = Buffer.alloc(4);
    if (this.littleEndian) part.writeUInt32LE(value);
    else part.writeUInt32BE(value);
    return this.add(part);
  }
}
