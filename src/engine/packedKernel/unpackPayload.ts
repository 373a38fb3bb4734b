import { compressionOf, longestMagic, type Unpack } from "../../compression/compressions";
import { lz4Magic, unlz4 } from "../../compression/lz4";
import { unpackBytes } from "../../compression/unpackBytes";
import { isFilteredXz, unxzFiltered } from "../../compression/unxzFiltered";
import { BootscopeError } from "../../protocol/failure";
import { kernelAdvice } from "./payload";

/** What is packed by gzip, xz (also with its filters for branches), zstd or LZ4. Rejects with BootscopeError "unsupported" or "damaged". */
export async function unpackPayload(packed: Buffer, path: string, mostBytes: number): Promise<Buffer> {
  if (isFilteredXz(packed)) return unxzFiltered(packed, mostBytes);
  const kernel = await unpackBytes(packed, unpackerOf(packed, path), mostBytes);
  if (kernel !== null) return kernel;
  throw new BootscopeError("unsupported", `The kernel in ${path} is too large.`, kernelAdvice);
}

function unpackerOf(packed: Buffer, path: string): Unpack {
  const start = packed.subarray(0, longestMagic);
  const isLz4 = lz4Magic.every((byte, index) => start[index] === byte);
  const unpack = isLz4 ? unlz4 : compressionOf(start, path);
  if (unpack !== null) return unpack;
  throw new BootscopeError("unsupported", `The kernel in ${path} is packed in an unknown way.`, kernelAdvice);
}
