/**
 * The layout of QEMU's "simple" trace backend (trace/simple.c), in either byte order: versions 2 (QEMU 1.2 to 2.0), 3 (2.1 to
 * 2.7) and 4 (2.8 to 11.1). Version 4 puts a type word before each record and has records that give names to event ids.
 */

export const simpletraceHeaderBytes = 24;
/** Pseudo event id of the header, which is also what a second header in the file begins with. */
const headerMagicHalf = 0xffffffff;
const magicHigh = 0xf2b177cb;
const magicLow = 0x0aa429b4;

export interface SimpletraceHeader {
  readonly version: number;
  readonly littleEndian: boolean;
}

/** The header in a file's first 24 bytes, or null. QEMU writes in its host's byte order, which the magic tells. */
export function parseSimpletraceHeader(bytes: Uint8Array): SimpletraceHeader | null {
  if (bytes.length < simpletraceHeaderBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    if (!isSimpletraceHeader(view, 0, littleEndian)) continue;
    return { version: Number(view.getBigUint64(16, littleEndian)), littleEndian };
  }
  return null;
}

/** Whether a header begins at `at`: traces that were concatenated have more than one. */
export function isSimpletraceHeader(view: DataView, at: number, littleEndian: boolean): boolean {
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  return (
    view.getUint32(at + low, littleEndian) === headerMagicHalf &&
    view.getUint32(at + high, littleEndian) === headerMagicHalf &&
    view.getUint32(at + 8 + low, littleEndian) === magicLow &&
    view.getUint32(at + 8 + high, littleEndian) === magicHigh
  );
}

/** Types of version 4 records. */
export const recordType = { mapping: 0, event: 1 } as const;
export const typeWordBytes = 8;
/** Bytes of a mapping before its name (type word included). */
export const mappingHeadBytes = 20;
/** Bytes of an event before its arguments (type word not included), which its length field counts. */
export const eventHeadBytes = 24;
/** Low half of the event id that tells of lost records; the high half is all ones. */
export const droppedIdLow = 0xfffffffe;
/** Longest record that is believed: ten arguments, strings cut at 512 bytes. */
export const maximumRecordBytes = 16 * 1024;
