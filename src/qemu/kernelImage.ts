/** What kind of kernel a file is: decides which QEMU boots it and how. */
import { open } from "node:fs/promises";
import { gunzipSync, constants } from "node:zlib";
import { BootscopeError } from "../protocol/failure";

/** Guests in QEMU's words (`qemu-system-…`). */
export type Target = "x86_64" | "i386" | "aarch64" | "arm" | "riscv64";

const headBytes = 4096;
const machines: Readonly<Record<number, Target>> = {
  3: "i386",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
};

/** The architecture that an image says it is for, or null. `head` is its first 4 KiB, or all of it. */
export function targetOfImage(head: Uint8Array): Target | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return targetOfGzip(bytes);
  if (bytes.length < 0x208) return null;
  // ELF: e_machine. vmlinux, or a bare-metal program.
  if (bytes.readUInt32BE(0) === 0x7f454c46) return machines[bytes.readUInt16LE(18)] ?? null;
  // Documentation/x86/boot.rst: "HdrS" of the setup header. It does not say whether the kernel is 32 or 64 bits.
  if (bytes.toString("latin1", 0x202, 0x206) === "HdrS") return "x86_64";
  // Documentation/arm64/booting.rst and riscv/boot-image-header.rst: magic at 0x38; arm: zImage magic at 0x24.
  if (bytes.toString("latin1", 0x38, 0x3c) === "ARM\x64") return "aarch64";
  if (bytes.toString("latin1", 0x38, 0x3c) === "RSC\x05") return "riscv64";
  if (bytes.readUInt32LE(0x24) === 0x016f2818) return "arm";
  return null;
}

function targetOfGzip(head: Buffer): Target | null {
  try {
    const inner = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 20 });
    return inner[0] === 0x1f ? null : targetOfImage(inner);
  } catch {
    return null;
  }
}

/**
 * The architecture of a kernel image on disk.
 * @throws BootscopeError `no-kernel` when there is no such file, or it is none that QEMU's `-kernel` takes
 */
export async function kernelTarget(kernel: string): Promise<Target> {
  let head: Buffer;
  try {
    const file = await open(kernel, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      head = buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const message = `The kernel ${kernel} cannot be read: ${(cause as Error).message}`;
    throw new BootscopeError("no-kernel", message, "Give the path of a bootable kernel image.", { cause });
  }
  const target = targetOfImage(head);
  if (target === null) {
    throw new BootscopeError(
      "no-kernel",
      `${kernel} is not a kernel image that QEMU boots.`,
      "Give a bzImage (x86), Image or Image.gz (arm64, riscv), zImage (arm) or vmlinux.",
    );
  }
  return target;
}
