import { SegmentType } from "./elf/constants";
import type { ElfFile } from "./elf/elfFile";

const windowBytes = 1 << 18;
/** Together 16 MiB: the text of a distribution kernel, which is what blocks are compared with. */
const maximumWindows = 64;

/** The initialised bytes of an image by virtual address, read from the file in windows of which the last used are kept. */
export class ImageBytes {
  private readonly windows = new Map<number, Uint8Array>();

  constructor(private readonly file: ElfFile) {}

  /** A copy of the bytes, or null when no segment of the file holds all of them. Throws what reading a file throws. */
  read(address: bigint, length: number): Uint8Array | null {
    const end = address + BigInt(length);
    const segment = this.file.segments.find(
      ({ type, virtualAddress, fileSize }) =>
        type === SegmentType.Load && address >= virtualAddress && end <= virtualAddress + BigInt(fileSize),
    );
    if (segment === undefined) return null;
    const offset = segment.offset + Number(address - segment.virtualAddress);
    if (offset + length > this.file.fileBytes) return null;
    if (length > windowBytes) return this.file.readAtSync(offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const window = Math.floor((offset + done) / windowBytes);
      const part = this.window(window)
        .subarray(offset + done - window * windowBytes)
        .subarray(0, length - done);
      if (part.length === 0) return null;
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  private window(index: number): Uint8Array {
    let bytes = this.windows.get(index);
    // A Map remembers insertion order: what is used goes to its end, what is dropped comes from its front.
    if (bytes === undefined) bytes = this.file.readAtSync(index * windowBytes, windowBytes);
    else this.windows.delete(index);
    this.windows.set(index, bytes);
    if (this.windows.size > maximumWindows) this.windows.delete(this.windows.keys().next().value!);
    return bytes;
  }
}
