/**
 * Goes through the records of a simple trace of any version, in either byte order (layout: simpletraceRecord.ts).
 *
 * A file may have more than one header, where traces were concatenated: each decides how what follows it is read.
 */
import type { FileBlock } from "./blockReader";
import {
  eventHeadBytes,
  headerBytesOf,
  mappingHeadBytes,
  maximumRecordBytes,
  oldRecordBytes,
  parseSimpletraceHeader,
  recordType,
  simpletraceHeaderBytes,
  type SimpletraceHeader,
  typeWordBytes,
} from "./simpletraceRecord";

/** What a walker tells of. Positions are those of its `view`. */
export interface SimpletraceVisitor {
  /** A header in the middle of the file: names and numbers begin anew. */
  header(header: SimpletraceHeader): void;
  mapping(id: number, name: string): void;
  /** @param id position of the record's event id, which its time stamp follows */
  event(id: number, start: number, end: number): void;
  /** Takes as many whole records as it likes, from `at` on; answers where the next one is. */
  run(at: number, end: number): number;
}

const latin1 = new TextDecoder("latin1");
const allOnes = 0xffffffff;

export class SimpletraceWalker {
  /** Bytes that cannot be a record were met: as records have no mark to find the next by, nothing after them can be read. */
  damaged = false;
  /** The file ends inside a record. */
  cut = false;
  version: number;
  littleEndian: boolean;
  /** Offsets of the low and the high half of a u64. */
  low: number;
  high: number;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    { version, littleEndian }: SimpletraceHeader,
    private readonly visitor: SimpletraceVisitor,
  ) {
    this.version = version;
    this.littleEndian = littleEndian;
    this.low = littleEndian ? 0 : 4;
    this.high = 4 - this.low;
  }

  /** Takes the block's whole records from `at` on; answers where the first that is not whole begins. */
  take({ bytes, end, last }: Pick<FileBlock, "bytes" | "end" | "last">, at: number): number {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (at < end) {
      at = this.visitor.run(at, end);
      const length = this.takeRecord(at, end - at);
      if (length < 0) this.damaged = true;
      if (length <= 0) break;
      at += length;
    }
    this.cut = last && at < end && !this.damaged;
    return at;
  }

  halfAt(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }

  /** Takes the record at `at`; answers its length, 0 when it is not whole within `available`, -1 when it is no record. */
  private takeRecord(at: number, available: number): number {
    if (available < typeWordBytes) return 0;
    const high = this.halfAt(at + this.high);
    if (high === allOnes && this.halfAt(at + this.low) === allOnes) return this.takeHeader(at, available);
    if (this.version === 0) {
      if (available < oldRecordBytes) return 0;
      if (high !== 0 && high !== allOnes) return -1;
      this.visitor.event(at, at + 16, at + oldRecordBytes);
      return oldRecordBytes;
    }
    if (this.version < 4) return high === 0 || high === allOnes ? this.takeEvent(at, available) : -1;
    if (high !== 0) return -1;
    const type = this.halfAt(at + this.low);
    if (type === recordType.event) {
      const length = this.takeEvent(at + typeWordBytes, available - typeWordBytes);
      return length > 0 ? length + typeWordBytes : length;
    }
    return type === recordType.mapping ? this.takeMapping(at, available) : -1;
  }

  private takeHeader(at: number, available: number): number {
    if (available < simpletraceHeaderBytes) return 0;
    const header = parseSimpletraceHeader(this.bytes.subarray(at, at + simpletraceHeaderBytes));
    if (header === null) return -1;
    const length = headerBytesOf(header);
    if (length > available) return 0;
    this.version = header.version;
    this.littleEndian = header.littleEndian;
    this.low = header.littleEndian ? 0 : 4;
    this.high = 4 - this.low;
    this.visitor.header(header);
    return length;
  }

  private takeMapping(at: number, available: number): number {
    if (available < mappingHeadBytes) return 0;
    const length = mappingHeadBytes + this.halfAt(at + 16);
    if (length > maximumRecordBytes) return -1;
    if (length > available) return 0;
    const name = latin1.decode(this.bytes.subarray(at + mappingHeadBytes, at + length));
    this.visitor.mapping(this.halfAt(at + 8 + this.low), name);
    return length;
  }

  /** Takes the event whose id is at `at`; answers its length, 0 or -1 as `takeRecord` does. */
  private takeEvent(at: number, available: number): number {
    if (available < eventHeadBytes) return 0;
    const length = this.halfAt(at + 16);
    if (length < eventHeadBytes || length > maximumRecordBytes) return -1;
    if (length > available) return 0;
    this.visitor.event(at, at + eventHeadBytes, at + length);
    return length;
  }
}
