import { readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

const blocksChunk = 2;
const chunkHeadBytes = 32;
const blockRecordBytes = 40;
const hasLengths = 0x2;
const hasCrc = 0x10;

/**
 * Writes a finished recording without the checksums of its blocks' bytes, which a log of `-d exec` does not tell either
 * (docs/trace-format.md).
 */
export function writeWithoutBytes(source: string, target: string): void {
  const file = readFileSync(source);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = view.getUint32(12, true); at + chunkHeadBytes <= file.length;) {
    const payload = at + chunkHeadBytes;
    const [length, extent] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    if (view.getUint16(at + 4, true) === blocksChunk) {
      dropChecksums(view, payload, payload + length);
      view.setUint32(at + 24, crc32(file.subarray(payload, payload + length)), true);
      view.setUint32(at + 28, crc32(file.subarray(at, at + 28)), true);
    }
    at = payload + extent;
  }
  writeFileSync(target, file);
}

function dropChecksums(view: DataView, start: number, end: number): void {
  for (let at = start; at + blockRecordBytes <= end;) {
    const flags = view.getUint32(at + 32, true);
    view.setUint32(at + 32, flags & ~hasCrc, true);
    view.setUint32(at + 36, 0, true);
    const lengths = (flags & hasLengths) === 0 ? 0 : Math.ceil(view.getUint16(at + 28, true) / 2);
    at += blockRecordBytes + Math.ceil(lengths / 8) * 8;
  }
}
