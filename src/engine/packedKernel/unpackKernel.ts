import { open } from "node:fs/promises";
import { BootscopeError } from "../../protocol/failure";
import { elfOfFlatImage, isFlatImage } from "../../symbols/kernelImage/flatImage";
import { findPayload, kernelAdvice, type Payload } from "./payload";
import { unpackPayload } from "./unpackPayload";

/** Of a file's start: the setup header of a bzImage. */
const headBytes = 0x260;
/** A kernel with everything built in is some 200 MB. */
const maximumBytes = 1 << 29;

/**
 * The kernel in a bootable image as an ELF file: in a bzImage, in an Image of arm64 or RISC-V, which is put into one, also packed
 * (Image.gz, EFI's zboot). Null for any other file. Rejects with BootscopeError "unsupported" or "damaged".
 */
export async function unpackKernel(path: string): Promise<Uint8Array | null> {
  const file = await open(path, "r").catch(() => null);
  // What cannot be opened is told by the one who opens it as an ELF file.
  if (file === null) return null;
  try {
    const status = await file.stat();
    if (!status.isFile()) return null;
    const head = await read(headBytes, 0);
    if (isFlatImage(head)) return wrapped(await read(Math.min(status.size, maximumBytes), 0), path);
    const payload = findPayload(head, status.size);
    if (payload === null) return null;
    const packed = await read(Math.min(payload.size, maximumBytes), payload.offset);
    const isGzip = packed[0] === 0x1f && packed[1] === 0x8b;
    const data = payload.endsInSize && !isGzip ? packed.subarray(0, -4) : packed;
    return kernelOf(await unpackPayload(data, path, maximumBytes), payload, path);
  } finally {
    await file.close();
  }

  async function read(length: number, position: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file!.read(bytes, 0, length, position);
    return bytes.subarray(0, bytesRead);
  }
}

function kernelOf(unpacked: Buffer, { isKernel }: Payload, path: string): Uint8Array | null {
  if (unpacked.toString("latin1", 0, 4) === "\x7fELF") return unpacked;
  if (isFlatImage(unpacked)) return wrapped(unpacked, path);
  if (!isKernel) return null;
  throw new BootscopeError("unsupported", `The kernel in ${path} is not an ELF file.`, kernelAdvice);
}

function wrapped(image: Buffer, path: string): Uint8Array {
  const elf = elfOfFlatImage(image);
  if (elf !== null) return elf;
  const message = `${path} has no symbols: its kernel was built without CONFIG_KALLSYMS, or keeps them in an unknown way.`;
  throw new BootscopeError("no-symbols", message, kernelAdvice);
}
