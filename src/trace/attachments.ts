/** Attachment chunks (docs/trace-format.md): u32 length of a JSON head, the head, then the bytes of a file. */
import { open } from "node:fs/promises";
import { fileOffset } from "../protocol/units";
import { crc32 } from "./crc";
import { readFully, type ByteSource, type WalkedChunk } from "./chunkWalk";
import { parseJsonObject } from "./metadata";
import type { Attachment } from "./types";

const maximumHeadBytes = 64 * 1024;

/** Where an attachment's bytes are, and what they are; null when its head is not one. The bytes are not read. */
export async function readAttachment(file: ByteSource, chunk: WalkedChunk): Promise<Attachment | null> {
  const lengthBytes = new Uint8Array(4);
  await readFully(file, lengthBytes, chunk.offset);
  const headLength = new DataView(lengthBytes.buffer).getUint32(0, true);
  if (headLength > maximumHeadBytes || 4 + headLength > chunk.length) return null;
  const headBytes = new Uint8Array(headLength);
  await readFully(file, headBytes, chunk.offset + 4);
  const head = parseJsonObject(headBytes);
  if (head === null) return null;
  const { name, mime } = head;
  return {
    name: typeof name === "string" ? name : "attachment",
    mime: typeof mime === "string" ? mime : "application/octet-stream",
    offset: fileOffset(chunk.offset + 4 + headLength),
    length: chunk.length - 4 - headLength,
    crc: chunk.head.crc,
    headBytes: 4 + headLength,
  };
}

/** The bytes of an attachment of the trace at a path; null when they are damaged. Rejects as opening and reading a file do. */
export async function attachmentBytes(path: string, attachment: Attachment): Promise<Uint8Array | null> {
  const { offset, length, headBytes, crc } = attachment;
  const file = await open(path, "r");
  try {
    const payload = new Uint8Array(headBytes + length);
    const read = await readFully(file, payload, offset - headBytes);
    return read === payload.length && crc32(payload) === crc ? payload.subarray(headBytes) : null;
  } finally {
    await file.close();
  }
}
