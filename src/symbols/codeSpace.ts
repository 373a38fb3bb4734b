import type { ByteCursor } from "./cursor";
import { codeSections } from "./codeSections";
import type { ElfFile } from "./elf/elfFile";
import { AddressHalves } from "./sortedAddresses";

/** Farther from the origin distances are no exact doubles. */
const maximumDistance = 2 ** 52;

/** Whether a distance is that of one address only. */
export const isExact = (distance: number): boolean => Math.abs(distance) <= maximumDistance;

/**
 * Addresses of an image's code as signed distances from the start of its first code section. Code is near its beginning, so
 * that its distances are small integers, exact and far cheaper than bigints; what is not near is no code of the image.
 */
export class CodeSpace {
  readonly origin: bigint;
  private readonly originHigh: number;
  private readonly originLow: number;
  private readonly sections: readonly { readonly start: number; readonly end: number }[];

  constructor(file: ElfFile) {
    const sections = codeSections(file);
    this.origin = sections.at(0)?.start ?? 0n;
    const halves = new AddressHalves(BigUint64Array.of(this.origin));
    this.originHigh = halves.high(0);
    this.originLow = halves.low(0);
    this.sections = sections
      .map(({ start, end }) => {
        const distance = Number(BigInt.asIntN(64, start - this.origin));
        return { start: distance, end: distance + Number(end - start) };
      })
      .filter(({ start, end }) => isExact(start) && isExact(end));
  }

  /** The distance of an address given as 32-bit halves; not exact for what is not near. */
  distance(high: number, low: number): number {
    return ((high - this.originHigh) | 0) * 2 ** 32 + (low - this.originLow);
  }

  /** The address at an exact distance. */
  address(distance: number): bigint {
    return BigInt.asUintN(64, this.origin + BigInt(distance));
  }

  isCode(distance: number): boolean {
    for (const { start, end } of this.sections) if (distance >= start && distance < end) return true;
    return false;
  }

  /** Reads an address of 1, 2, 4 or 8 bytes as a distance. Throws BootscopeError "damaged". */
  read(cursor: ByteCursor, bytes: number): number {
    if (bytes !== 8) return this.distance(0, Number(cursor.unsigned(bytes)));
    const first = cursor.u32();
    const second = cursor.u32();
    return cursor.littleEndian ? this.distance(second, first) : this.distance(first, second);
  }
}

/** Reads an offset of 1, 2, 4 or 8 bytes that is added to a distance: modulo 2^64, so that a large one is a negative one. */
export function readSignedOffset(cursor: ByteCursor, bytes: number): number {
  if (bytes !== 8) return Number(cursor.unsigned(bytes));
  const first = cursor.u32();
  const second = cursor.u32();
  return cursor.littleEndian ? (second | 0) * 2 ** 32 + first : (first | 0) * 2 ** 32 + second;
}
