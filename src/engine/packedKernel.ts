import { open } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";
import { compressionOf, longestMagic } from "../compression/compressions";
import { lz4Magic, unlz4 } from "../compression/lz4";
import { unpackBytes } from "../compression/unpackBytes";

/** Of a bzImage's start: its setup header. */
const headBytes = 0x260;
/** A kernel with everything built in is some 200 MB. */
const maximumBytes = 1 << 29;
/** The payload's place is told since version 2.08 of the boot protocol (Linux 2.6.26). */
const leastVersion = 0x0208;

/**
 * The kernel's ELF file in an x86 bzImage (Documentation/x86/boot.rst), unpacked: gzip, xz, zstd and LZ4. Null for any other file.
 * Rejects with BootscopeError "unsupported" or "damaged".
 */
export async function unpackKernel(path: string): Promise<Uint8Array | null> {
  const file = await open(path, "r").catch(() => null);
  // What cannot be opened is told by the one who opens it as an ELF file.
  if (file === null) return null;
  try {
    const status = await file.stat();
    if (!status.isFile()) return null;
    const head = await read(headBytes, 0);
    if (head.length < headBytes || head.toString("latin1", 0x202, 0x206) !== "HdrS") return null;
    if (head.readUInt16LE(0x206) < leastVersion) return null;
    // Old images say 0 and mean 4.
    const setupSectors = head[0x1f1] === 0 ? 4 : head[0x1f1];
    const payload = (setupSectors + 1) * 512 + head.readUInt32LE(0x248);
    const there = Math.max(0, status.size - payload);
    const packed = await read(Math.min(head.readUInt32LE(0x24c), there, maximumBytes), payload);
    const kernel = await unpacked(packed, path);
    if (kernel.toString("latin1", 0, 4) === "\x7fELF") return kernel;
    throw new BootscopeError("unsupported", `The kernel in ${path} is not an ELF file.`, advice);
  } finally {
    await file.close();
  }

  async function read(length: number, position: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file!.read(bytes, 0, length, position);
    return bytes.subarray(0, bytesRead);
  }
}

const advice = "Give the vmlinux of the same build.";

async function unpacked(packed: Buffer, path: string): Promise<Buffer> {
  const start = packed.subarray(0, longestMagic);
  const isLz4 = lz4Magic.every((byte, index) => start[index] === byte);
  const unpack = isLz4 ? unlz4 : compressionOf(start, path);
  if (unpack === null)
    throw new BootscopeError("unsupported", `The kernel in ${path} is packed in an unknown way.`, advice);
  if (hasBranchFilter(packed)) {
    const message = `The kernel in ${path} is packed by xz with its filter for x86 code, which cannot be unpacked here.`;
    throw new BootscopeError("unsupported", message, `${advice} The kernel's scripts/extract-vmlinux unpacks it too.`);
  }
  // Behind the packed bytes stands their size when unpacked.
  const kernel = await unpackBytes(packed.subarray(0, -4), unpack, maximumBytes);
  if (kernel === null) throw new BootscopeError("unsupported", `The kernel in ${path} is too large.`, advice);
  return kernel;
}

/** An xz stream whose first filter is not LZMA2 itself (xz-file-format.txt, 3.1): the block header follows 12 bytes of stream header. */
function hasBranchFilter(packed: Buffer): boolean {
  if (packed.length < 16 || packed.readUInt32BE(0) !== 0xfd377a58) return false;
  const hasSizes = (packed[13] & 0xc0) !== 0;
  return !hasSizes && (packed[13] & 3) > 0;
}
