import { BootscopeError } from "../protocol/failure";

/**
 * Reads numbers one after another from bytes of either byte order. Every read is checked against the end: running past it is
 * a `BootscopeError` ("damaged") that names the section and the offset in it.
 */
export class ByteCursor {
  private readonly view: DataView;

  /**
   * @param section name used in errors, e.g. ".debug_line"
   * @param origin offset in the section of `bytes[0]`, when only a part of the section is in memory
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
    readonly section: string,
    public position = 0,
    readonly origin = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A cursor over a copy of the bytes up to the current position. */
  copy(): ByteCursor {
    const { bytes, littleEndian, section, position, origin } = this;
    return new ByteCursor(bytes.slice(0, position), littleEndian, section, 0, origin);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** The error of a section whose bytes make no sense at an offset (by default the current one). */
  damaged(what: string, position = this.position): BootscopeError {
    const offset = `0x${(this.origin + position).toString(16)}`;
    return new BootscopeError("damaged", `${this.section} is damaged at offset ${offset}: ${what}.`);
  }

  /** Moves on by `length` bytes and answers where they start. */
  take(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.bytes.length - start) {
      throw this.damaged(`${length} bytes wanted, ${this.bytes.length - start} left`);
    }
    this.position = start + length;
    return start;
  }

  u8(): number {
    return this.bytes[this.take(1)];
  }

  u16(): number {
    return this.view.getUint16(this.take(2), this.littleEndian);
  }

  u24(): number {
    const at = this.take(3);
    const [a, b, c] = this.bytes.subarray(at, at + 3);
    return this.littleEndian ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(): number {
    return this.view.getUint32(this.take(4), this.littleEndian);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), this.littleEndian);
  }

  /** An unsigned 64-bit size or offset; one above 2^53 cannot be inside a file and is damage. */
  size64(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.damaged(`size 0x${value.toString(16)} is larger than any file`, this.position - 8);
    }
    return Number(value);
  }

  /** An address, offset or size of 1, 2, 4 or 8 bytes as unsigned 64 bits. */
  unsigned(bytes: number): bigint {
    switch (bytes) {
      case 1:
        return BigInt(this.u8());
      case 2:
        return BigInt(this.u16());
      case 4:
        return BigInt(this.u32());
      case 8:
        return this.u64();
      default:
        throw this.damaged(`${bytes} is no size of an address`);
    }
  }

  /** Unsigned LEB128 (DWARF 5, 7.6). Exact to 2^53, above that the nearest double: callers check their own limits. */
  uleb(): number {
    // Nearly all are of one byte; behind the end there is undefined, which is not below.
    const first = this.bytes[this.position];
    if (first < 0x80) {
      this.position++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      // Padded encodings are legal; ten bytes hold 64 bits and more of them would be an attack on `scale`.
      if (scale > 2 ** 77) throw this.damaged("a LEB128 number does not end");
    }
  }

  /** Signed LEB128, with the limits of `uleb`. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return (byte & 0x40) !== 0 ? value - scale : value;
      if (scale > 2 ** 77) throw this.damaged("a LEB128 number does not end");
    }
  }

  /** The offset of a NUL-terminated string, which is skipped. */
  skipString(): number {
    const start = this.position;
    const end = this.bytes.indexOf(0, start);
    if (end < 0) throw this.damaged("a string does not end");
    this.position = end + 1;
    return start;
  }
}

/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  // Several times faster on short strings than a TextDecoder.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8", start, end);
}
