import { SectionFlag, SectionType } from "./elf/constants";
import { utf8 } from "./cursor";
import type { ElfFile } from "./elf/elfFile";

/** A digit follows: "Linux version %s" is a format, not a banner. */
const pattern = /^Linux version \d[\x20-\x7e]*/;
const needle = "Linux version ";
const maximumBanner = 512;
/** The banner is among the first megabytes of read-only data; larger sections are searched so far and no further. */
const maximumSearch = 1 << 26;

/**
 * The kernel's banner "Linux version …" without its line end, or null: at the symbol `linux_banner` when there is one, else
 * searched in the data sections.
 */
export async function readBanner(
  file: ElfFile,
  symbolAddress: bigint | null,
  readImage: (address: bigint, length: number) => Uint8Array | null,
): Promise<string | null> {
  if (symbolAddress !== null) {
    const bytes = readImage(symbolAddress, maximumBanner);
    const banner = bytes && bannerAt(bytes, 0);
    if (banner !== null) return banner;
  }
  let left = maximumSearch;
  for (const { type, flags, offset, size } of file.sections) {
    const isData = type === SectionType.ProgramBits && (flags & SectionFlag.Allocated) !== 0;
    if (!isData || (flags & SectionFlag.Executable) !== 0 || left <= 0) continue;
    const read = await file.readAt(offset, Math.min(size, left));
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    left -= bytes.length;
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
      const banner = bannerAt(bytes, at);
      if (banner !== null) return banner;
    }
  }
  return null;
}

const bannerAt = (bytes: Uint8Array, at: number) => pattern.exec(utf8(bytes, at, at + maximumBanner))?.[0] ?? null;
