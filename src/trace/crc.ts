/** CRC-32 with the zlib polynomial, as chunk heads and payloads carry it. */
import { crc32 as zlibCrc32 } from "node:zlib";

export const crc32 = (bytes: Uint8Array): number => zlibCrc32(bytes);
