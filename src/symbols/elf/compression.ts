import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { unpackBytes } from "../../compression/unpackBytes";
import { unzstd } from "../../compression/zstd";
import { BootscopeError } from "../../protocol/failure";
import { ByteCursor, utf8 } from "../cursor";
import { CompressionType } from "./constants";
import type { ElfHeader, ElfSection } from "./headers";

/** Above this no debug section of a kernel is; a header that promises more is an attack or damage. */
const maximumBytes = 2 ** 31;

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);

/** Zstandard came to Node's zlib with 22.15, which is several times faster than the decoder in JavaScript. */
function zstd(): Decompress {
  const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.inflate };
  if (zstdDecompress !== undefined) return promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zstdDecompress);
  return async (bytes, { maxOutputLength }) => {
    const content = await unpackBytes(bytes, unzstd, maxOutputLength);
    if (content === null) throw new Error("it is longer than it says");
    return content;
  };
}

/**
 * The content of a compressed section: SHF_COMPRESSED (gABI, "Section Compression") or the older ".zdebug_" form of GNU
 * ("ZLIB", then the size in eight bytes, big-endian, then a zlib stream).
 *
 * Rejects with BootscopeError "damaged" (wrong header or stream) or "unsupported" (another compression than zlib and Zstandard).
 */
export async function decompressSection(
  section: ElfSection,
  bytes: Uint8Array,
  header: ElfHeader,
): Promise<Uint8Array> {
  const { algorithm, size, dataOffset } = parseHeader(section, bytes, header);
  if (size > maximumBytes) throw damaged(section, `says to be ${size} bytes when decompressed`);
  const decompress =
    algorithm === CompressionType.Zlib ? inflate : algorithm === CompressionType.Zstd ? zstd() : undefined;
  if (decompress === undefined) {
    throw new BootscopeError(
      "unsupported",
      `Section ${section.name} is compressed in an unknown way (type ${algorithm}).`,
      `Decompress a copy with "objcopy --decompress-debug-sections".`,
    );
  }
  let content: Uint8Array;
  try {
    content = await decompress(bytes.subarray(dataOffset), { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw damaged(section, `cannot be decompressed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (content.length !== size) throw damaged(section, `has ${content.length} bytes when decompressed, not ${size}`);
  return content;
}

function parseHeader(section: ElfSection, bytes: Uint8Array, header: ElfHeader) {
  if (section.name.startsWith(".zdebug_")) {
    if (utf8(bytes, 0, 4) !== "ZLIB") throw damaged(section, "does not start with ZLIB");
    return {
      algorithm: CompressionType.Zlib,
      size: new ByteCursor(bytes, false, section.name, 4).size64(),
      dataOffset: 12,
    };
  }
  const cursor = new ByteCursor(bytes, header.littleEndian, section.name);
  const algorithm = cursor.u32();
  if (!header.is64) return { algorithm, size: cursor.u32(), dataOffset: 12 };
  cursor.take(4);
  return { algorithm, size: cursor.size64(), dataOffset: 24 };
}

function damaged(section: ElfSection, what: string, cause?: unknown): BootscopeError {
  const offset = `0x${section.offset.toString(16)}`;
  return new BootscopeError("damaged", `Section ${section.name} (file offset ${offset}) ${what}.`, "", { cause });
}
