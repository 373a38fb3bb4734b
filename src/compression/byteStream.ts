/** Reads exact numbers of bytes from chunks of any size. */
export class ByteStream {
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(private readonly chunks: AsyncGenerator<Uint8Array>) {}

  /** The next bytes without taking them; fewer at the end. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#chunk.length - this.#at < length) {
      const next = await this.chunks.next();
      if (next.done === true) break;
      this.#chunk = joined(this.#chunk.subarray(this.#at), next.value);
      this.#at = 0;
    }
    return this.#chunk.subarray(this.#at, this.#at + length);
  }

  /** The next bytes, in memory of their own; null when there are not so many. */
  async read(length: number): Promise<Uint8Array | null> {
    // No room is made before the bytes are there: a damaged archive may say any length.
    const parts: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const part = await this.#some(left);
      if (part.length === 0) return null;
      parts.push(part);
      left -= part.length;
    }
    const bytes = new Uint8Array(length);
    let done = 0;
    for (const part of parts) {
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  /** Leaves bytes out. False: there were not so many. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const part = await this.#some(left);
      if (part.length === 0) return false;
      left -= part.length;
    }
    return true;
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#at < this.#chunk.length) yield this.#chunk.subarray(this.#at);
    this.#at = this.#chunk.length;
    yield* this.chunks;
  }

  /** At least one byte and at most so many; none at the end. */
  async #some(most: number): Promise<Uint8Array> {
    while (this.#at === this.#chunk.length) {
      const next = await this.chunks.next();
      if (next.done === true) return new Uint8Array(0);
      this.#chunk = next.value;
      this.#at = 0;
    }
    const part = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += part.length;
    return part;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
