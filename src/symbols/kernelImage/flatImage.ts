/**
 * A kernel as it lies in memory, without an ELF file around it: the Image of arm64 and RISC-V (Documentation/arch/arm64/booting.rst and
 * riscv/boot-image-header.rst of the kernel). Nothing in it says where it is linked but the symbol table that it carries.
 */
import { ElfMachine, SectionType } from "../elf/constants";
import { baseOffsets, readSymbolsAt, type KernelSymbol } from "../kallsyms/read";
import { findKallsyms, type KallsymsTables } from "../kallsyms/tables";
import { buildIdNoteIn } from "./buildIdNote";
import { wrapImage, type ImageStretch } from "./wrappedImage";

const headBytes = 64;
/** The relocation that adds the place where the image lies: R_AARCH64_RELATIVE, R_RISCV_RELATIVE. */
const kinds = [
  { magic: "ARM\x64", machine: ElfMachine.AArch64, relative: 0x403n },
  { magic: "RSC\x05", machine: ElfMachine.RiscV, relative: 3n },
] as const;

type Kind = (typeof kinds)[number];

const kindOf = (image: Buffer): Kind | undefined =>
  image.length < headBytes ? undefined : kinds.find(({ magic }) => image.toString("latin1", 0x38, 0x3c) === magic);

/** Whether bytes begin like the Image of arm64 or RISC-V. */
export const isFlatImage = (head: Uint8Array): boolean => kindOf(bufferOf(head)) !== undefined;

/** An ELF file with the image in it, at the address that it is linked at; null when it carries no symbols (no CONFIG_KALLSYMS). */
export function elfOfFlatImage(bytes: Uint8Array): Uint8Array | null {
  const image = bufferOf(bytes);
  const kind = kindOf(image);
  const tables = kind && findKallsyms(image);
  if (!tables) return null;
  const memoryBytes = sizeInMemory(image);
  for (const { copy, base } of linkedCopies(image, tables, kind)) {
    const isKernel = (address: bigint): boolean => address >= base && address < base + memoryBytes;
    const symbols = readSymbolsAt(copy, tables, isKernel);
    if (symbols === null) continue;
    const address = base;
    return wrapImage(copy, {
      machine: kind.machine,
      address,
      memoryBytes,
      stretches: stretchesOf(copy, base, symbols),
    });
  }
  return null;
}

/** image_size of the header, at least what is in the file. */
const sizeInMemory = (image: Buffer): bigint => {
  const said = image.readBigUInt64LE(16);
  const inFile = BigInt(image.length);
  return said > inFile && said < 1n << 32n ? said : inFile;
};

/**
 * The image with the address of its first byte, and with the address that its symbols count from: in a kernel that can be moved
 * a relocation has that, and the image itself a zero (arm64 links with --no-apply-dynamic-relocs).
 */
function* linkedCopies(image: Buffer, tables: KallsymsTables, kind: Kind) {
  for (const at of baseOffsets(tables)) {
    if (at < 0 || at + 8 > image.length) continue;
    const there = image.readBigUInt64LE(at);
    // Symbols count from the first of them, which is in the first 2 MiB.
    if (there !== 0n) yield { copy: image, base: there - (there % alignment) };
    else yield* relocatedCopies(image, at, kind);
  }
}

/** Kernels are linked, and loaded, at multiples of 2 MiB, those of arm64 before 5.10 at text_offset behind them. */
const alignment = 0x20_0000n;

/** A kernel has one relocation of an offset, and few that look like one: symbols that all of these do not make readable are none. */
const mostRelocations = 16;

/**
 * For each Elf64_Rela that changes the offset, when the image begins where one can: the image as if it was applied. All are one
 * buffer, which has the next one's address when the next one is asked for.
 */
function* relocatedCopies(image: Buffer, offset: number, { machine, relative }: Kind) {
  const textOffset = machine === ElfMachine.AArch64 ? image.readBigUInt64LE(8) : 0n;
  const info = Buffer.alloc(8);
  info.writeBigUInt64LE(relative);
  const copy = Buffer.from(image);
  let found = 0;
  for (let at = image.indexOf(info, 8); at >= 0 && at + 16 <= image.length; at = image.indexOf(info, at + 8)) {
    const base = image.readBigUInt64LE(at - 8) - BigInt(offset);
    if (at % 8 !== 0 || base <= 0n || (base - textOffset) % alignment !== 0n) continue;
    const addend = image.readBigUInt64LE(at + 8);
    // Symbols count from the first of them: a relocation of another place, 2 MiB further on, hardly ever tells such an address.
    if (addend < base || addend >= base + alignment) continue;
    if (++found > mostRelocations) return;
    copy.writeBigUInt64LE(addend, offset);
    yield { copy, base };
  }
}

/** Where the linker scripts say that code is: before it the head of the image. */
const codeMarks = [
  ["_stext", "_etext"],
  ["_sinittext", "_einittext"],
  ["__exittext_begin", "__exittext_end"],
] as const;

/** The code of the image, its note with the build-id, and the data between them. */
function stretchesOf(image: Buffer, base: bigint, symbols: readonly KernelSymbol[]): ImageStretch[] {
  const places = new Map(symbols.map(({ name, address }) => [name, Number(address - base)]));
  const code = codeMarks.flatMap(([from, to]): ImageStretch[] => {
    const [start, end] = [places.get(from) ?? -1, Math.min(places.get(to) ?? -1, image.length)];
    return start >= 0 && end > start ? [codeStretch(start, end)] : [];
  });
  const first = code.reduce((least, { start }) => Math.min(least, start), image.length);
  if (first > 0) code.push(codeStretch(0, first));
  code.sort((a, b) => a.start - b.start);
  const data = code.flatMap(({ end }, index): ImageStretch[] => {
    const next = code.at(index + 1)?.start ?? image.length;
    return next > end ? [{ name: ".data", type: SectionType.ProgramBits, isCode: false, start: end, end: next }] : [];
  });
  const note = buildIdNoteIn(image);
  const notes = note === null ? [] : [{ name: ".notes", type: SectionType.Note, isCode: false, ...note }];
  return [...code, ...data, ...notes];
}

const codeStretch = (start: number, end: number): ImageStretch => ({
  name: ".text",
  type: SectionType.ProgramBits,
  isCode: true,
  start,
  end,
});

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
