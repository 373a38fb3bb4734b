/**
 * The layout of QEMU's "simple" trace backend (trace/simple.c), in either byte order: versions 0 (QEMU 0.14 to 1.1), 2 (1.2 to
 * 2.0), 3 (2.1 to 2.7) and 4 (2.8 to 11.1). Version 0 has records of 64 bytes; version 4 puts a type word before each record
 * and has records that give names to event ids. Streams from SystemTap's flight recorder have no header.
 */

export const simpletraceHeaderBytes = 24;
/** Pseudo event id of the header, which is also what a second header in the file begins with. */
const headerMagicHalf = 0xffffffff;
const magicHigh = 0xf2b177cb;
const magicLow = 0x0aa429b4;

export interface SimpletraceHeader {
  readonly version: number;
  readonly littleEndian: boolean;
  /** Nothing of the file says so: it was told from its records, whose event ids are positions in trace-events-all. */
  readonly headerless?: boolean;
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

/** The header of version 0 is a whole record. */
export const headerBytesOf = ({ version, headerless }: SimpletraceHeader): number =>
  headerless === true ? 0 : version === 0 ? oldRecordBytes : simpletraceHeaderBytes;

function isSimpletraceHeader(view: DataView, at: number, littleEndian: boolean): boolean {
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  return (
    view.getUint32(at + low, littleEndian) === headerMagicHalf &&
    view.getUint32(at + high, littleEndian) === headerMagicHalf &&
    view.getUint32(at + 8 + low, littleEndian) === magicLow &&
    view.getUint32(at + 8 + high, littleEndian) === magicHigh
  );
}

/** Bytes of every record of version 0: id, time and six arguments. */
export const oldRecordBytes = 64;
/** Types of version 4 records. */
export const recordType = { mapping: 0, event: 1 } as const;
export const typeWordBytes = 8;
/** Bytes of a mapping before its name (type word included). */
export const mappingHeadBytes = 20;
/** Bytes of an event before its arguments (type word not included), which its length field counts. */
export const eventHeadBytes = 24;
/** Low half of the event id that tells of lost records; the high half is all ones. */
export const droppedIdLow = 0xfffffffe;
/** More than any QEMU has: it had 4,200 events when it had most. */
const mostEvents = 65_536n;
/** Longest record that is believed: ten arguments, strings cut at 512 bytes. */
export const maximumRecordBytes = 16 * 1024;

/** Records that a file without a header has to begin with, unless it ends before. */
const convincingRecords = 8;

/**
 * A version 4 stream without a header, as SystemTap's flight recorder gives it: told from records that follow one another.
 * @param bytes the beginning of the file
 * @param whole the file ends with them
 */
export function parseHeaderlessStart(bytes: Uint8Array, whole: boolean): SimpletraceHeader | null {
  for (const littleEndian of [true, false]) {
    if (countRecords(bytes, whole, littleEndian) > 0) return { version: 4, littleEndian, headerless: true };
  }
  return null;
}

/** Records at the start; 0 when what follows one of the first is none. */
function countRecords(bytes: Uint8Array, whole: boolean, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let records = 0;
  for (; records < convincingRecords && at + typeWordBytes + eventHeadBytes <= bytes.length; records++) {
    const length = view.getUint32(at + 24, littleEndian);
    if (view.getBigUint64(at, littleEndian) !== BigInt(recordType.event)) return 0;
    if (view.getBigUint64(at + 8, littleEndian) > mostEvents) return 0;
    if (length < eventHeadBytes || length > maximumRecordBytes) return 0;
    at += typeWordBytes + length;
  }
  return records === convincingRecords || whole ? records : 0;
}
