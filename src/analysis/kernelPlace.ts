/** Where a kernel was, told by the bytes of the blocks that it executed: KASLR moves it, and its first code runs where it was loaded. */
import { guestAddress } from "../protocol/units";
import type { ImageSymbols } from "../symbols/types";
import { BlockFlag, unknownPhysicalAddress } from "../trace/blocks";
import { crc32 } from "../trace/crc";
import type { BlockTable } from "../trace/types";
import { ImagePlace, linkedPlace, type Placement } from "./placement";
import { share, spread } from "./samples";

/**
 * The share of blocks that have the bytes of the image: 0.80 of the kernel that ran, against 0.48 of the package one update older
 * (docs/performance.md, "How a vmlinux is recognised"). The rest of the right one is patched at boot.
 */
export const enoughBytes = 0.65;
/** Blocks that are looked for in all of the image, to find out how far it was moved. */
const slideSampleSize = 48;
/**
 * KASLR moves a kernel by multiples of 2 MiB; one of arm64 that its EFI stub found no better place for, of 64 KiB. So a block can only be at
 * a few places of the image, however far it was moved: an arm64 kernel can be anywhere in a quarter of its address space.
 */
const slideStep = 0x20_0000n;
const smallSlideStep = 0x1_0000n;
/** More than any kernel's code: of a segment that claims more only so much is looked at. */
const mostSegmentBytes = 1n << 30n;
/** Blocks that tell where the kernel's first code was. */
const enoughEarlyBlocks = 3;
const mostEarlyBlocks = 4096;

/**
 * Where the image was; where it was linked when that cannot be told.
 * @param kernel blocks at the kernel's virtual addresses
 * @param sample those of them whose bytes are compared
 */
export function findPlacement(
  blocks: BlockTable,
  kernel: readonly number[],
  sample: readonly number[],
  image: ImageSymbols,
): Placement {
  const virtualSlide = findVirtualSlide(blocks, sample, image);
  const physicalSlide =
    recordedPhysicalSlide(blocks, kernel, image, virtualSlide) ??
    physicalSlideByBytes(blocks, kernel.at(0) ?? 0, image) ??
    0n;
  return { virtualSlide, physicalSlide };
}

/** The virtual slide under which the blocks' bytes are those of the image; 0 when no slide does better. */
function findVirtualSlide(blocks: BlockTable, sample: readonly number[], image: ImageSymbols): bigint {
  const equalAt = (virtualSlide: bigint): number => {
    const place = new ImagePlace(image, { virtualSlide, physicalSlide: 0n });
    return share(sample, (block) => sameBytes(blocks, block, image, place));
  };
  if (sample.length === 0 || equalAt(0n) >= enoughBytes) return 0n;
  for (const step of image.machine === "aarch64" ? [slideStep, smallSlideStep] : [slideStep]) {
    const slide = likeliestSlide(blocks, spread(sample, slideSampleSize), image, step);
    if (slide !== null && equalAt(slide) >= enoughBytes) return slide;
  }
  return 0n;
}

/** The slide that most blocks have the bytes of the image under; null: none has them anywhere. */
function likeliestSlide(
  blocks: BlockTable,
  sample: readonly number[],
  image: ImageSymbols,
  step: bigint,
): bigint | null {
  const votes = new Map<bigint, number>();
  for (const block of sample) {
    for (const { slide: virtualSlide } of possiblePlaces(blocks.address[block], image, step, "virtualAddress")) {
      const place = new ImagePlace(image, { virtualSlide, physicalSlide: 0n });
      if (!sameBytes(blocks, block, image, place)) continue;
      votes.set(virtualSlide, (votes.get(virtualSlide) ?? 0) + 1);
    }
  }
  return mostVoted(votes)?.slide ?? null;
}

function mostVoted(votes: ReadonlyMap<bigint, number>): { readonly slide: bigint; readonly blocks: number } | null {
  let best: { slide: bigint; blocks: number } | null = null;
  for (const [slide, blocks] of votes) if (blocks > (best?.blocks ?? 0)) best = { slide, blocks };
  return best;
}

/** The places of the image's code that an address can be of, as link addresses, and how far the image was moved then. */
function* possiblePlaces(
  address: bigint,
  { segments }: ImageSymbols,
  step: bigint,
  kind: "virtualAddress" | "physicalAddress",
): Generator<{ slide: bigint; linked: bigint }> {
  for (const { executable, virtualAddress, memorySize, ...segment } of segments) {
    // Per-CPU data is linked at 0 and never executed.
    if (!executable || virtualAddress === 0n) continue;
    const start = kind === "virtualAddress" ? virtualAddress : segment.physicalAddress;
    const first = (((address - start) % step) + step) % step;
    const end = memorySize < mostSegmentBytes ? memorySize : mostSegmentBytes;
    for (let offset = first; offset < end; offset += step) {
      yield { slide: address - start - offset, linked: virtualAddress + offset };
    }
  }
}

/** Virtual addresses tell the physical slide where both were recorded for the same block; null: for none. */
function recordedPhysicalSlide(
  blocks: BlockTable,
  kernel: readonly number[],
  image: ImageSymbols,
  virtualSlide: bigint,
): bigint | null {
  const place = new ImagePlace(image, { ...linkedPlace, virtualSlide });
  for (const block of kernel) {
    const physical = blocks.physicalAddress[block];
    const linked = place.fromVirtual(blocks.address[block]);
    if (physical === unknownPhysicalAddress || linked === null) continue;
    const segment = image.segments.find(
      ({ virtualAddress, memorySize }) => linked >= virtualAddress && linked < virtualAddress + memorySize,
    );
    if (segment !== undefined) return physical - (linked - segment.virtualAddress + segment.physicalAddress);
  }
  return null;
}

/**
 * The physical slide under which what ran before the kernel's first block has the bytes of the image: its first code, which runs where
 * it was loaded. Null when fewer blocks have them than could by chance.
 */
function physicalSlideByBytes(blocks: BlockTable, firstOfKernel: number, image: ImageSymbols): bigint | null {
  const before = Array.from({ length: firstOfKernel }, (_, block) => block);
  const low = before.filter((block) => (blocks.flags[block] & BlockFlag.HasCrc) !== 0 && blocks.size[block] >= 8);
  const votes = new Map<bigint, number>();
  for (const block of low.slice(0, mostEarlyBlocks)) {
    for (const { slide, linked } of possiblePlaces(blocks.address[block], image, slideStep, "physicalAddress")) {
      const bytes = image.read(guestAddress(linked), blocks.size[block]);
      if (bytes !== null && crc32(bytes) === blocks.crc[block]) votes.set(slide, (votes.get(slide) ?? 0) + 1);
    }
  }
  const best = mostVoted(votes);
  return best !== null && best.blocks >= enoughEarlyBlocks ? best.slide : null;
}

/** Whether a block has the bytes of the image at a place, its addresses relocated. */
export function sameBytes(blocks: BlockTable, block: number, image: ImageSymbols, place: ImagePlace): boolean {
  const linked = place.fromVirtual(blocks.address[block]);
  const bytes = linked === null ? null : image.read(guestAddress(linked), blocks.size[block]);
  if (bytes === null) return false;
  if (crc32(bytes) === blocks.crc[block]) return true;
  return place.slide !== 0n && relocate(bytes, place) && crc32(bytes) === blocks.crc[block];
}

/**
 * Adds the slide to what looks like an address of the image, as the decompressor does it to x86_64 code: sign-extended 32 bits
 * (arch/x86/boot/compressed/misc.c). False: nothing does. What is no address but looks like one costs a block, of thousands.
 */
function relocate(bytes: Uint8Array, place: ImagePlace): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slide = Number(BigInt.asIntN(32, place.slide));
  let found = false;
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const value = view.getInt32(at, true);
    if (value >= 0 || !place.isLinkAddress(BigInt.asUintN(64, BigInt(value)))) continue;
    view.setInt32(at, value + slide, true);
    found = true;
    at += 3;
  }
  return found;
}
