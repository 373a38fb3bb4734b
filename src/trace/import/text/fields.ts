/** Reads the fields of a line by bytes. */
import { digitOf } from "../hexDigits";

/** Results are in its fields until the next call. */
export class FieldReader {
  /** Position after what was read. */
  at = 0;
  /** Halves of a hexadecimal number, as signed 32-bit integers. */
  low = 0;
  high = 0;
  private bytes: Uint8Array = new Uint8Array(0);

  set(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** Reads these characters, if they are next. */
  text(expected: string): boolean {
    for (let index = 0; index < expected.length; index++) {
      if (this.bytes[this.at + index] !== expected.charCodeAt(index)) return false;
    }
    this.at += expected.length;
    return true;
  }

  /** Reads a hexadecimal number of at most 16 digits, with or without `0x`. False when there is none. */
  hex(): boolean {
    const { bytes } = this;
    let { at } = this;
    if (bytes[at] === 0x30 && (bytes[at + 1] | 0x20) === 0x78) at += 2;
    const start = at;
    let low = 0;
    let high = 0;
    for (let digit = digitOf[bytes[at]]; digit < 16; digit = digitOf[bytes[++at]]) {
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    this.low = low;
    this.high = high;
    this.at = at;
    return at > start && at <= start + 16;
  }

  /** Reads at most 15 decimal digits: more a double cannot tell apart. */
  decimal(): number {
    let value = 0;
    for (const limit = this.at + 15; this.at < limit; this.at++) {
      const digit = this.bytes[this.at] - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    return value;
  }

  /** Skips spaces. */
  spaces(): void {
    while (this.bytes[this.at] === 0x20) this.at++;
  }
}
