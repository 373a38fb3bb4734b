/**
 * Unpacks xz with filters for branches in front of LZMA2, as kernels are packed (scripts/xz_wrap.sh of the kernel). The library that
 * unpacks xz has no such filters: it is given each block as a file of its own that has LZMA2 only, and what comes out is filtered
 * here (xz-file-format.txt).
 */
import { crc32 } from "node:zlib";
import { BootscopeError } from "../protocol/failure";
import { branchFilters, type BranchFilter } from "./branchFilters";
import { unxz } from "./xz";

const streamHeaderBytes = 12;
const lzma2 = 0x21;
/** Bytes of the checks by their numbers: none, CRC-32, CRC-64, SHA-256. */
const checkBytes: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 4],
  [4, 8],
  [10, 32],
]);
const crc32Check = 1;

/** Whether the first block of an xz file has a filter in front of LZMA2. */
export function isFilteredXz(packed: Buffer): boolean {
  if (packed.length < streamHeaderBytes + 2 || packed.readUInt32BE(0) !== 0xfd37_7a58) return false;
  return (packed[streamHeaderBytes + 1] & 3) > 0;
}

/** All of it. Throws BootscopeError "damaged", or "unsupported" (another filter). */
export async function unxzFiltered(packed: Buffer, mostBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  let at = streamHeaderBytes;
  const check = packed[7] & 15;
  const behind = checkBytes.get(check);
  if (behind === undefined) throw damaged();
  for (const { unpadded, unpacked } of readIndex(packed)) {
    total += unpacked;
    if (total > mostBytes) throw new BootscopeError("unsupported", "What is packed is too large.");
    // The padding stands before the check.
    const checkAt = at + padded(unpadded - behind);
    if (unpadded <= behind || checkAt + behind > packed.length) throw damaged();
    const piece = await unpackBlock(packed.subarray(at, at + unpadded - behind), unpacked);
    if (check === crc32Check && crc32(piece) !== packed.readUInt32LE(checkAt)) throw damaged();
    pieces.push(piece);
    at = checkAt + behind;
  }
  return Buffer.concat(pieces);
}

interface BlockRecord {
  /** Bytes of the block with its check, without its padding. */
  readonly unpadded: number;
  readonly unpacked: number;
}

function readIndex(packed: Buffer): BlockRecord[] {
  const footer = packed.length - streamHeaderBytes;
  if (footer < streamHeaderBytes || packed.toString("latin1", packed.length - 2) !== "YZ") throw damaged();
  const index = new Cursor(packed, footer - 4 * (packed.readUInt32LE(footer + 4) + 1), footer);
  if (index.byte() !== 0) throw damaged();
  const count = index.number();
  const blocks: BlockRecord[] = [];
  // Each takes at least two bytes: the cursor's end bounds the list.
  while (blocks.length < count) blocks.push({ unpadded: index.number(), unpacked: index.number() });
  return blocks;
}

async function unpackBlock(block: Buffer, unpacked: number): Promise<Uint8Array> {
  const headBytes = 4 * ((block.at(0) ?? 0) + 1);
  if (block.length < headBytes) throw damaged();
  const { filters, lzmaProperties } = readFilters(new Cursor(block, 1, headBytes - 4));
  const file = fileOf(block.subarray(headBytes), lzmaProperties, unpacked);
  const code = new Uint8Array(unpacked);
  let length = 0;
  for await (const piece of unxz(once(file))) {
    if (length + piece.length > unpacked) throw damaged();
    code.set(piece, length);
    length += piece.length;
  }
  if (length < unpacked) throw damaged();
  for (const { undo, start } of filters.reverse()) undo(code, start);
  return code;
}

interface UsedFilter {
  readonly undo: BranchFilter;
  readonly start: number;
}

/** The filters of a block's head, in the order in which they were used. */
function readFilters(head: Cursor): { filters: UsedFilter[]; lzmaProperties: number } {
  const flags = head.byte();
  for (const present of [0x40, 0x80]) if ((flags & present) !== 0) head.number();
  const filters: UsedFilter[] = [];
  for (let left = flags & 3; left >= 0; left--) {
    const id = head.number();
    const properties = head.take(head.number());
    if (left === 0 && id === lzma2 && properties.length === 1) return { filters, lzmaProperties: properties[0] };
    const undo = branchFilters.get(id);
    if (undo === undefined) throw new BootscopeError("unsupported", `It is packed by xz with the filter ${id}.`);
    filters.push({ undo, start: properties.length === 4 ? properties.readUInt32LE(0) : 0 });
  }
  throw damaged();
}

/** An xz file of one block, packed by LZMA2 alone and without a check. */
function fileOf(data: Buffer, lzmaProperties: number, unpacked: number): Buffer {
  const noCheck = [0, 0];
  const header = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...noCheck]);
  const blockHead = withCrc(Buffer.from([2, 0, lzma2, 1, lzmaProperties, 0, 0, 0]));
  const padding = Buffer.alloc(padded(data.length) - data.length);
  const record = [...numberBytes(blockHead.length + data.length), ...numberBytes(unpacked)];
  const index = [0, 1, ...record];
  while (index.length % 4 !== 0) index.push(0);
  const footer = Buffer.from([0, 0, 0, 0, ...noCheck]);
  footer.writeUInt32LE((index.length + 4) / 4 - 1);
  const footerCrc = Buffer.alloc(4);
  footerCrc.writeUInt32LE(crc32(footer));
  return Buffer.concat([
    Buffer.concat([header, withCrc(Buffer.from(noCheck)).subarray(2)]),
    blockHead,
    data,
    padding,
    withCrc(Buffer.from(index)),
    footerCrc,
    footer,
    Buffer.from("YZ", "latin1"),
  ]);
}

function withCrc(bytes: Buffer): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(bytes));
  return Buffer.concat([bytes, crc]);
}

/** Seven bits a byte, the lowest first (xz-file-format.txt, 1.2). */
function numberBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}

const padded = (length: number): number => 4 * Math.ceil(length / 4);
const damaged = (): BootscopeError => new BootscopeError("damaged", "The xz data is damaged or cut off.");

// eslint-disable-next-line @typescript-eslint/require-await -- unpackers take chunks that may have to be waited for
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Reads bytes up to an end; beyond it the data is damaged. */
class Cursor {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {
    if (at < 0 || end > bytes.length) throw damaged();
  }

  byte(): number {
    return this.take(1)[0];
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw damaged();
  }

  take(length: number): Buffer {
    if (this.at + length > this.end) throw damaged();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
