import type { SymbolsMatch } from "../protocol/engine";
import { guestAddress } from "../protocol/units";
import type { ImageSymbols } from "../symbols/types";
import { BlockFlag, unknownPhysicalAddress } from "../trace/blocks";
import { crc32 } from "../trace/crc";
import { Terminator, type BlockTable, type TraceMetadata } from "../trace/types";
import { addressSpaceOf } from "./addressSpace";
import { ImagePlace, linkedPlace, type Placement } from "./placement";

export interface ImageMatch {
  readonly match: SymbolsMatch;
  /** Where the image was when the trace was made; where it was linked when that could not be found out. */
  readonly placement: Placement;
}

/** Blocks that are compared; more would not change the verdict. */
const sampleSize = 4096;
/** Blocks that each possible base of a relocated kernel is tried with. */
const slideSampleSize = 48;
/** KASLR moves an x86_64 kernel by multiples of 2 MiB inside 1 GiB. */
const slideStep = 0x20_0000n;
const slideLimit = 0x4000_0000n;
/*
 * The shares below lie between those of the kernel that ran and those of the package one update older, the most similar
 * kernel that somebody may choose by mistake (docs/performance.md, "How a vmlinux is recognised").
 */
/** Blocks whose bytes are those of the image: 0.80 against 0.48. The rest of the right one is patched at boot. */
const enoughBytes = 0.65;
/** Call targets that are starts of functions: 0.994 against 0.73. */
const enoughTargets = 0.9;
/** Executed functions that were also executed at their start: 0.997 against 0.63. All that addresses alone can tell. */
const enoughEntered = 0.85;

/** Finds out whether an image is the kernel of a trace, and where it ran. */
export function matchImage(blocks: BlockTable, metadata: TraceMetadata, image: ImageSymbols): ImageMatch {
  const space = addressSpaceOf(metadata.target, blocks.address.subarray(0, blocks.count));
  const kernel = [...blocks.address.keys()].filter((block) => space.isKernel(blocks.address[block]));
  const checkable = kernel.filter((block) => (blocks.flags[block] & BlockFlag.HasCrc) !== 0 && blocks.size[block] >= 8);
  const virtualSlide = findSlide(blocks, spread(checkable, sampleSize), image);
  const placement = { virtualSlide, physicalSlide: findPhysicalSlide(blocks, kernel, image, virtualSlide) };
  return { match: judge(blocks, metadata, image, kernel, checkable, placement), placement };
}

function judge(
  blocks: BlockTable,
  metadata: TraceMetadata,
  image: ImageSymbols,
  kernel: number[],
  checkable: number[],
  placement: Placement,
): SymbolsMatch {
  const buildIds = metadata.kernel?.buildIds ?? [];
  if (image.buildId !== null && buildIds.includes(image.buildId)) {
    return { verdict: "matches", evidence: `The guest's kernel has the build-id of this vmlinux, ${image.buildId}.` };
  }
  const place = new ImagePlace(image, placement);
  const sample = hasBytes(image) ? spread(checkable, sampleSize) : [];
  if (sample.length > 0) {
    const equal = share(sample, (block) => sameBytes(blocks, block, image, place));
    const evidence = `${percent(equal)} of ${count(sample.length)} recorded kernel blocks have the bytes of this vmlinux.`;
    return { verdict: equal >= enoughBytes ? "matches" : "mismatch", evidence };
  }
  const starts = new Set(image.functions.address.subarray(0, image.functions.count));
  const linked = (address: bigint): bigint => address - placement.virtualSlide;
  const calls = spread(
    kernel.filter((block) => blocks.terminator[block] === (Terminator.Call as number) && blocks.target[block] !== 0n),
    sampleSize,
  );
  if (calls.length > 0) {
    const hits = share(calls, (block) => starts.has(linked(blocks.target[block])));
    const evidence = `${percent(hits)} of ${count(calls.length)} recorded calls go to functions of this vmlinux.`;
    return { verdict: hits >= enoughTargets ? "matches" : "mismatch", evidence };
  }
  if (kernel.length === 0) return { verdict: "unchecked", evidence: "The trace holds no kernel code to compare with." };
  return judgeEntries(
    BigUint64Array.from(kernel, (block) => linked(blocks.address[block])),
    image,
  );
}

/** Control enters a function at its start: in another kernel's image, many seem to be entered in the middle only. */
function judgeEntries(addresses: BigUint64Array, image: ImageSymbols): SymbolsMatch {
  const entered = new Map<number, boolean>();
  image.lookupMany(addresses).forEach((index, i) => {
    if (index >= 0) entered.set(index, entered.get(index) === true || image.functions.address[index] === addresses[i]);
  });
  const executed = [...entered.values()];
  const hits = share(executed, (atStart) => atStart);
  const evidence = `${percent(hits)} of ${count(executed.length)} functions of this vmlinux that the trace executed were entered at their start.`;
  return { verdict: hits >= enoughEntered ? "matches" : "mismatch", evidence };
}

/** The virtual slide under which the blocks' bytes are those of the image; 0 when no slide does better. */
function findSlide(blocks: BlockTable, sample: number[], image: ImageSymbols): bigint {
  const equalAt = (virtualSlide: bigint, tried: number[]): number => {
    const place = new ImagePlace(image, { virtualSlide, physicalSlide: 0n });
    return share(tried, (block) => sameBytes(blocks, block, image, place));
  };
  if (sample.length === 0 || image.machine !== "x86_64" || equalAt(0n, sample) >= enoughBytes) return 0n;
  const tried = spread(sample, slideSampleSize);
  let [best, bestShare] = [0n, 0];
  for (let slide = slideStep; slide < slideLimit; slide += slideStep) {
    const equal = equalAt(slide, tried);
    if (equal > bestShare) [best, bestShare] = [slide, equal];
  }
  return equalAt(best, sample) >= enoughBytes ? best : 0n;
}

/** Virtual addresses tell the physical slide: both were recorded for the same block. */
function findPhysicalSlide(blocks: BlockTable, kernel: number[], image: ImageSymbols, virtualSlide: bigint): bigint {
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
  return 0n;
}

/** A System.map has no bytes, nor has debug information that was split off. */
const hasBytes = (image: ImageSymbols): boolean =>
  image.segments.every(({ executable, virtualAddress }) => !executable || image.read(virtualAddress, 1) !== null);

function sameBytes(blocks: BlockTable, block: number, image: ImageSymbols, place: ImagePlace): boolean {
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

/** At most `limit` of the items, evenly spread. */
function spread(items: number[], limit: number): number[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, index) => items[Math.floor((index * items.length) / limit)]);
}

function share<Item>(items: Item[], holds: (item: Item) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const count = (value: number): string => value.toLocaleString("en-US");
