/** Where the packed kernel is in a bootable image. */

export interface Payload {
  readonly offset: number;
  readonly size: number;
  /** The image says that it is a kernel; false: it is something packed, which may be anything. */
  readonly isKernel: boolean;
  /** Its last four bytes are its size when unpacked, unless gzip, which tells that by itself, packed it. */
  readonly endsInSize: boolean;
}

export const kernelAdvice = "Give the vmlinux of the same build.";

/** The payload's place is told since version 2.08 of the boot protocol (Linux 2.6.26). */
const leastVersion = 0x0208;

/**
 * The payload of a bzImage (Documentation/arch/x86/boot.rst), of an EFI zboot image (drivers/firmware/efi/libstub/zboot-header.S), or
 * a whole file that may be packed. Null when it is none of these.
 */
export function findPayload(head: Buffer, fileBytes: number): Payload | null {
  if (head.length >= 0x250 && head.toString("latin1", 0x202, 0x206) === "HdrS") {
    if (head.readUInt16LE(0x206) < leastVersion) return null;
    // Old images say 0 and mean 4.
    const setupSectors = head[0x1f1] === 0 ? 4 : head[0x1f1];
    const place = inside((setupSectors + 1) * 512 + head.readUInt32LE(0x248), head.readUInt32LE(0x24c), fileBytes);
    return { ...place, isKernel: true, endsInSize: true };
  }
  if (head.length >= 32 && head.toString("latin1", 0, 8) === "MZ\0\0zimg") {
    const place = inside(head.readUInt32LE(8), head.readUInt32LE(12), fileBytes);
    return { ...place, isKernel: true, endsInSize: false };
  }
  return isPacked(head) ? { offset: 0, size: fileBytes, isKernel: false, endsInSize: false } : null;
}

const inside = (offset: number, size: number, fileBytes: number) => ({
  offset,
  size: Math.min(size, Math.max(0, fileBytes - offset)),
});

/** gzip, zstd, xz and LZ4: how `Image.gz` and its like are made. */
const packedStarts = ["\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd7zXZ\0", "\x02\x21\x4c\x18"];
const isPacked = (head: Buffer): boolean =>
  packedStarts.some((start) => head.toString("latin1", 0, start.length) === start);
