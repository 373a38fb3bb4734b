/** Block records (docs/trace-format.md, "Blocks"): columns for reading, records for writing. */
import { none32 } from "./chunk";
import { maximumBlocks } from "./limits";
import type { BlockTable } from "./types";

export const blockRecordBytes = 40;
export const unknownPhysicalAddress = 0xffff_ffff_ffff_ffffn;

export enum BlockFlag {
  Written = 1,
  HasLengths = 2,
  PhantomDropped = 4,
  Slow = 8,
  HasCrc = 16,
  HasPhysicalAddress = 32,
}

/** Collects block records from chunk payloads, in file order. */
export class BlockColumns implements BlockTable {
  count = 0;
  address = new BigUint64Array(0);
  physicalAddress = new BigUint64Array(0);
  target = new BigUint64Array(0);
  size = new Uint32Array(0);
  instructions = new Uint16Array(0);
  terminator = new Uint8Array(0);
  terminatorLength = new Uint8Array(0);
  flags = new Uint32Array(0);
  crc = new Uint32Array(0);
  /** Per block: where its instruction lengths start in `lengths`, or none. */
  private lengthsAt = new Uint32Array(0);
  private lengths = new Uint8Array(0);
  private lengthsUsed = 0;

  /**
   * Adds the records of one chunk.
   * @returns the bytes of `payload` that hold whole records: fewer than its length when records stop being whole there
   */
  add(payload: Uint8Array): number {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    let at = 0;
    while (at + blockRecordBytes <= payload.length && this.count < maximumBlocks) {
      const flags = view.getUint32(at + 32, true);
      if ((flags & BlockFlag.Written) === 0) break;
      const lengthBytes = instructionLengthBytes(flags, view.getUint16(at + 28, true));
      if (at + blockRecordBytes + lengthBytes > payload.length) break;
      this.append(view, at, flags);
      at += blockRecordBytes + lengthBytes;
    }
    return at;
  }

  /** Forgets all blocks from number `count` on. */
  truncate(count: number): void {
    this.count = Math.min(this.count, count);
    this.resize(this.count);
  }

  /** Adds blocks of which nothing is known (address 0, no flags), so that executions of them still count. */
  extend(count: number): void {
    if (count <= this.count) return;
    this.resize(count);
    this.physicalAddress.fill(unknownPhysicalAddress, this.count);
    this.lengthsAt.fill(none32, this.count);
    this.count = count;
  }

  /** Drops spare room, so that the columns are exactly `count` long. To be called once all chunks are in. */
  finish(): void {
    this.resize(this.count);
    this.lengths = this.lengths.slice(0, this.lengthsUsed);
  }

  instructionLengths(block: number): Uint8Array | null {
    const start = this.lengthsAt[block];
    if (block >= this.count || start === none32) return null;
    const lengths = new Uint8Array(this.instructions[block]);
    for (let index = 0; index < lengths.length; index++) {
      lengths[index] = (this.lengths[start + (index >> 1)] >> ((index & 1) * 4)) & 15;
    }
    return lengths;
  }

  private append(view: DataView, at: number, flags: number): void {
    if (this.count === this.address.length) this.resize(Math.max(1024, this.count * 2));
    const block = this.count++;
    this.address[block] = view.getBigUint64(at, true);
    const hasPhysical = (flags & BlockFlag.HasPhysicalAddress) !== 0;
    this.physicalAddress[block] = hasPhysical ? view.getBigUint64(at + 8, true) : unknownPhysicalAddress;
    this.target[block] = view.getBigUint64(at + 16, true);
    this.size[block] = view.getUint32(at + 24, true);
    this.instructions[block] = view.getUint16(at + 28, true);
    this.terminator[block] = view.getUint8(at + 30);
    this.terminatorLength[block] = view.getUint8(at + 31);
    this.flags[block] = flags;
    this.crc[block] = view.getUint32(at + 36, true);
    this.lengthsAt[block] = (flags & BlockFlag.HasLengths) === 0 ? none32 : this.lengthsUsed;
    if ((flags & BlockFlag.HasLengths) !== 0) this.appendLengths(view, at + blockRecordBytes, this.instructions[block]);
  }

  private appendLengths(view: DataView, at: number, instructions: number): void {
    const bytes = (instructions + 1) >> 1;
    if (this.lengthsUsed + bytes > this.lengths.length) {
      const larger = new Uint8Array(Math.max(4096, 2 * this.lengths.length, this.lengthsUsed + bytes));
      larger.set(this.lengths);
      this.lengths = larger;
    }
    this.lengths.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes), this.lengthsUsed);
    this.lengthsUsed += bytes;
  }

  private resize(capacity: number): void {
    this.address = resized(this.address, new BigUint64Array(capacity));
    this.physicalAddress = resized(this.physicalAddress, new BigUint64Array(capacity));
    this.target = resized(this.target, new BigUint64Array(capacity));
    this.size = resized(this.size, new Uint32Array(capacity));
    this.instructions = resized(this.instructions, new Uint16Array(capacity));
    this.terminator = resized(this.terminator, new Uint8Array(capacity));
    this.terminatorLength = resized(this.terminatorLength, new Uint8Array(capacity));
    this.flags = resized(this.flags, new Uint32Array(capacity));
    this.crc = resized(this.crc, new Uint32Array(capacity));
    this.lengthsAt = resized(this.lengthsAt, new Uint32Array(capacity));
  }
}

/** What a writer knows of a block. */
export interface BlockRecord {
  readonly address: bigint;
  readonly physicalAddress?: bigint;
  readonly target?: bigint;
  readonly size?: number;
  readonly terminator?: number;
  readonly terminatorLength?: number;
  /** CRC-32 of the block's bytes. */
  readonly crc?: number;
  readonly slow?: boolean;
  readonly instructions?: number;
  /** One per instruction; then `instructions` is their number. */
  readonly instructionLengths?: readonly number[];
}

/** The bytes of one block record. */
export function formatBlockRecord(block: BlockRecord): Uint8Array {
  const instructions = block.instructionLengths?.length ?? block.instructions ?? 0;
  const flags =
    BlockFlag.Written |
    (block.instructionLengths === undefined ? 0 : BlockFlag.HasLengths) |
    (block.slow === true ? BlockFlag.Slow : 0) |
    (block.crc === undefined ? 0 : BlockFlag.HasCrc) |
    (block.physicalAddress === undefined ? 0 : BlockFlag.HasPhysicalAddress);
  const bytes = new Uint8Array(blockRecordBytes + instructionLengthBytes(flags, instructions));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, block.address, true);
  view.setBigUint64(8, block.physicalAddress ?? 0n, true);
  view.setBigUint64(16, block.target ?? 0n, true);
  view.setUint32(24, block.size ?? 0, true);
  view.setUint16(28, instructions, true);
  view.setUint8(30, block.terminator ?? 0);
  view.setUint8(31, block.terminatorLength ?? 0);
  view.setUint32(32, flags, true);
  view.setUint32(36, block.crc ?? 0, true);
  block.instructionLengths?.forEach((length, index) => {
    bytes[blockRecordBytes + (index >> 1)] |= (length & 15) << ((index & 1) * 4);
  });
  return bytes;
}

/** Bytes after a record's fixed part: half a byte per instruction, to a multiple of eight. */
const instructionLengthBytes = (flags: number, instructions: number): number =>
  (flags & BlockFlag.HasLengths) === 0 ? 0 : Math.ceil(instructions / 16) * 8;

type Column = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** `to`, holding as much of `from` as fits. */
function resized<C extends Column>(from: C, to: C): C {
  (to as Uint8Array).set(from.subarray(0, to.length) as Uint8Array);
  return to;
}
