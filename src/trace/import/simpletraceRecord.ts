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

const mostProcesses = 4_194_304;

/** Records that a file without a header has to begin with, unless it ends before. */
const convincingRecords = 8;

/**
 * A stream without a header, as SystemTap's flight recorder gives it: told from records that follow one another. QEMU 2.2 to 2.7
 * write those of version 3, later ones those of version 4, which have a type word before each.
 * @param bytes the beginning of the file
 * @param whole the file ends with them
 */
export function parseHeaderlessStart(bytes: Uint8Array, whole: boolean): SimpletraceHeader | null {
  for (const version of [4, 3]) {
    for (const littleEndian of [true, false]) {
      const records = countRecords(bytes, version, littleEndian);
      // Without a type word, less tells a record from other bytes.
      const enough = whole ? (version === 4 ? 1 : 2) : convincingRecords;
      if (records >= enough) return { version, littleEndian, headerless: true };
    }
  }
  return null;
}

/** Records at the start, no more than convince; 0 when what follows one of them is none. */
function countRecords(bytes: Uint8Array, version: number, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const typeBytes = version === 4 ? typeWordBytes : 0;
  let at = 0;
  let records = 0;
  for (; records < convincingRecords && at + typeBytes + eventHeadBytes <= bytes.length; records++) {
    if (version === 4 && view.getBigUint64(at, littleEndian) !== BigInt(recordType.event)) return 0;
    const id = view.getBigUint64(at + typeBytes, littleEndian);
    const length = view.getUint32(at + typeBytes + 16, littleEndian);
    if (id > mostEvents || length < eventHeadBytes || length > maximumRecordBytes) return 0;
    // The process that wrote it; Linux has no larger numbers.
    const process = view.getUint32(at + typeBytes + 20, littleEndian);
    if (version === 3 && (process === 0 || process > mostProcesses)) return 0;
    at += typeBytes + length;
  }
  return records;
}
