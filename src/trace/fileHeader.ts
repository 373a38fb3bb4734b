/** The header at the start of a .bst file (docs/trace-format.md, "File header"). */
import { BootscopeError } from "../protocol/failure";

export const fileMagic = Uint8Array.of(0x89, 0x42, 0x53, 0x54, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes that every header has; `headerLength` may be larger. */
export const minimumHeaderBytes = 64;
const majorVersion = 1;
const maximumHeaderBytes = 1 << 20;

export enum RecordingState {
  /** Being recorded, or the recorder was killed. */
  Recording = 1,
  Finished = 2,
}

export interface FileHeader {
  readonly headerLength: number;
  /** Random; 16 bytes. */
  readonly traceId: Uint8Array;
  /** Nanoseconds since 1970, or 0n. */
  readonly createdUnixNs: bigint;
  readonly finished: boolean;
  /** For progress while recording: neither is exact. */
  readonly liveExecutions: number;
  readonly liveBytes: number;
}

export const hasFileMagic = (bytes: Uint8Array): boolean =>
  bytes.length >= fileMagic.length && fileMagic.every((value, index) => bytes[index] === value);

/**
 * Reads the header from a file's first bytes (at least 64 where the file has them).
 * @param name the file's, for messages
 * @throws BootscopeError `not-a-trace` for foreign or cut headers, `unsupported-version` for a newer major version.
 */
export function parseFileHeader(bytes: Uint8Array, name = "The file"): FileHeader {
  if (!hasFileMagic(bytes)) {
    throw new BootscopeError("not-a-trace", `${name} does not start like a Bootscope trace.`);
  }
  if (bytes.length < minimumHeaderBytes) {
    throw new BootscopeError("not-a-trace", `${name} ends inside its header: nothing was recorded into it.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint16(8, true);
  if (major > majorVersion) {
    throw new BootscopeError(
      "unsupported-version",
      `${name} has format version ${major}.${view.getUint16(10, true)}; this Bootscope reads up to ${majorVersion}.`,
      "Update Bootscope.",
    );
  }
  const headerLength = view.getUint32(12, true);
  if (headerLength < minimumHeaderBytes || headerLength % 8 !== 0 || headerLength > maximumHeaderBytes) {
    throw new BootscopeError("damaged", `The header of ${name} says an impossible length (${headerLength}).`);
  }
  return {
    headerLength,
    traceId: bytes.slice(16, 32),
    createdUnixNs: view.getBigUint64(32, true),
    finished: view.getUint32(40, true) === (RecordingState.Finished as number),
    liveExecutions: Number(view.getBigUint64(48, true)),
    liveBytes: Number(view.getBigUint64(56, true)),
  };
}

/** The bytes of a 64-byte header. */
export function formatFileHeader(header: Omit<FileHeader, "headerLength">): Uint8Array {
  const bytes = new Uint8Array(minimumHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(fileMagic);
  view.setUint16(8, majorVersion, true);
  view.setUint32(12, minimumHeaderBytes, true);
  bytes.set(header.traceId.subarray(0, 16), 16);
  view.setBigUint64(32, header.createdUnixNs, true);
  view.setUint32(40, header.finished ? RecordingState.Finished : RecordingState.Recording, true);
  view.setBigUint64(48, BigInt(header.liveExecutions), true);
  view.setBigUint64(56, BigInt(header.liveBytes), true);
  return bytes;
}
