/** An ELF file around the bytes of a kernel's flat image, so that it is read like any other (gABI, "ELF-64 Object File Format"). */
import { ElfType, SectionFlag, SectionType, SegmentFlag, SegmentType } from "../elf/constants";

/** A stretch of the image, by offsets in it. */
export interface ImageStretch {
  readonly name: string;
  readonly type: number;
  readonly isCode: boolean;
  readonly start: number;
  readonly end: number;
}

export interface WrappedImage {
  /** e_machine. */
  readonly machine: number;
  /** Virtual address of the image's first byte. */
  readonly address: bigint;
  /** What the kernel takes up in memory, .bss included. */
  readonly memoryBytes: bigint;
  readonly stretches: readonly ImageStretch[];
}

const headerBytes = 64;
const segmentBytes = 56;
const sectionBytes = 64;
const imageOffset = headerBytes + segmentBytes;

/** The bytes of a 64-bit little-endian ELF file with one segment, which is the image, and with the stretches as sections. */
export function wrapImage(image: Uint8Array, { machine, address, memoryBytes, stretches }: WrappedImage): Uint8Array {
  const names = Buffer.from(["", ...stretches.map(({ name }) => name), ".shstrtab"].join("\0") + "\0", "latin1");
  const namesOffset = Math.ceil((imageOffset + image.length) / 8) * 8;
  const tableOffset = Math.ceil((namesOffset + names.length) / 8) * 8;
  const count = stretches.length + 2;
  const file = Buffer.alloc(tableOffset + count * sectionBytes);

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(ElfType.Executable, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(headerBytes), 32);
  file.writeBigUInt64LE(BigInt(tableOffset), 40);
  [headerBytes, segmentBytes, 1, sectionBytes, count, count - 1].forEach((value, index) =>
    file.writeUInt16LE(value, 52 + 2 * index),
  );

  file.writeUInt32LE(SegmentType.Load, headerBytes);
  file.writeUInt32LE(SegmentFlag.Executable, headerBytes + 4);
  // Where it is loaded is not known: as in the kernel's own vmlinux, physical addresses are the virtual ones.
  [BigInt(imageOffset), address, address, BigInt(image.length), memoryBytes].forEach((value, index) =>
    file.writeBigUInt64LE(value, headerBytes + 8 + 8 * index),
  );

  file.set(image, imageOffset);
  file.set(names, namesOffset);
  let name = 1;
  const writeSection = (index: number, type: number, flags: number, values: readonly bigint[]): void => {
    const at = tableOffset + index * sectionBytes;
    file.writeUInt32LE(name, at);
    file.writeUInt32LE(type, at + 4);
    [BigInt(flags), ...values].forEach((value, position) => file.writeBigUInt64LE(value, at + 8 + 8 * position));
    name = names.indexOf(0, name) + 1;
  };
  stretches.forEach(({ type, isCode, start, end }, index) => {
    const flags = SectionFlag.Allocated | (isCode ? SectionFlag.Executable : 0);
    const place = [address + BigInt(start), BigInt(imageOffset + start), BigInt(end - start)];
    writeSection(index + 1, type, flags, place);
  });
  writeSection(count - 1, SectionType.StringTable, 0, [0n, BigInt(namesOffset), BigInt(names.length)]);
  return file;
}
