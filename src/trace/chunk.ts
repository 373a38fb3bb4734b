/** Chunk heads (docs/trace-format.md, "Chunk"): 32 bytes before each extent of the file. */
import { crc32 } from "./crc";
import { maximumExtent } from "./limits";
import { ChunkKind } from "./types";

export const chunkHeadBytes = 32;
/** "BSTC" read as a little-endian u32. */
export const chunkMagic = 0x43545342;
/** The vCPU field of chunks that belong to no vCPU. */
export const noVcpu = 0xffff;
/** "none" in 32-bit fields. */
export const none32 = 0xffffffff;

const sealedFlag = 1;
const kinds: ReadonlyMap<number, ChunkKind> = new Map(
  [
    ChunkKind.Metadata,
    ChunkKind.Blocks,
    ChunkKind.Executions,
    ChunkKind.Switches,
    ChunkKind.Events,
    ChunkKind.Attachment,
    ChunkKind.Totals,
  ].map((kind) => [kind, kind]),
);

export interface ChunkHead {
  /** Null: a kind that this reader does not know. */
  readonly kind: ChunkKind | null;
  readonly vcpu: number;
  readonly sequence: number;
  readonly sealed: boolean;
  /** Valid bytes; 0 while not sealed. */
  readonly payloadLength: number;
  readonly extentLength: number;
  readonly crc: number;
}

export interface ParsedChunkHead extends ChunkHead {
  /** The head's own checksum is right. When it is not, the chunk was being sealed, and counts as not sealed. */
  readonly checked: boolean;
}

/** Reads a head; null when these bytes cannot be one, whatever their checksum. */
export function parseChunkHead(view: DataView, at: number): ParsedChunkHead | null {
  if (at + chunkHeadBytes > view.byteLength || view.getUint32(at, true) !== chunkMagic) return null;
  const extentLength = view.getUint32(at + 20, true);
  if (extentLength % 8 !== 0 || extentLength > maximumExtent) return null;
  const checked = headChecksum(view, at) === view.getUint32(at + 28, true);
  const sealed = checked && (view.getUint32(at + 12, true) & sealedFlag) !== 0;
  const payloadLength = sealed ? view.getUint32(at + 16, true) : 0;
  if (payloadLength > extentLength) return null;
  return {
    kind: kinds.get(view.getUint16(at + 4, true)) ?? null,
    vcpu: view.getUint16(at + 6, true),
    sequence: view.getUint32(at + 8, true),
    sealed,
    payloadLength,
    extentLength,
    crc: view.getUint32(at + 24, true),
    checked,
  };
}

/** Writes a head over the 32 bytes at `at`. */
export function writeChunkHead(bytes: Uint8Array, at: number, head: ChunkHead): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(at, chunkMagic, true);
  view.setUint16(at + 4, head.kind ?? 0, true);
  view.setUint16(at + 6, head.vcpu, true);
  view.setUint32(at + 8, head.sequence, true);
  view.setUint32(at + 12, head.sealed ? sealedFlag : 0, true);
  view.setUint32(at + 16, head.payloadLength, true);
  view.setUint32(at + 20, head.extentLength, true);
  view.setUint32(at + 24, head.crc, true);
  view.setUint32(at + 28, headChecksum(view, at), true);
}

/** A sealed chunk around a payload: head, payload, padding to a multiple of eight. */
export function sealChunk(kind: ChunkKind, vcpu: number, sequence: number, payload: Uint8Array): Uint8Array {
  const extentLength = Math.ceil(payload.length / 8) * 8;
  const bytes = new Uint8Array(chunkHeadBytes + extentLength);
  bytes.set(payload, chunkHeadBytes);
  const crc = crc32(payload);
  writeChunkHead(bytes, 0, { kind, vcpu, sequence, sealed: true, payloadLength: payload.length, extentLength, crc });
  return bytes;
}

const headChecksum = (view: DataView, at: number): number =>
  crc32(new Uint8Array(view.buffer, view.byteOffset + at, chunkHeadBytes - 4));
