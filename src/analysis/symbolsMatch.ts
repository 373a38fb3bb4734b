import type { SymbolsMatch } from "../protocol/engine";
import { formatExact } from "../protocol/format";
import type { ImageSymbols } from "../symbols/types";
import { BlockFlag } from "../trace/blocks";
import { Terminator, type BlockTable, type TraceMetadata } from "../trace/types";
import { addressSpaceOf } from "./addressSpace";
import { guestTarget } from "./guestTarget";
import { enoughBytes, findPlacement, sameBytes } from "./kernelPlace";
import { ImagePlace, linkedPlace, type Placement } from "./placement";
import { share, spread } from "./samples";

export interface ImageMatch {
  readonly match: SymbolsMatch;
  /** Where the image was when the trace was made; where it was linked when that could not be found out. */
  readonly placement: Placement;
}

/** Blocks that are compared; more would not change the verdict. */
const sampleSize = 4096;
/*
 * The shares below lie between those of the kernel that ran and those of the package one update older, the most similar
 * kernel that somebody may choose by mistake (docs/performance.md, "How a vmlinux is recognised").
 */
/** Call targets that are starts of functions: 0.994 against 0.73. */
const enoughTargets = 0.9;
/** Executed functions that were also executed at their start: 0.997 against 0.63. All that addresses alone can tell. */
const enoughEntered = 0.85;

/** Finds out whether an image is the kernel of a trace, and where it ran. */
export function matchImage(blocks: BlockTable, metadata: TraceMetadata, image: ImageSymbols): ImageMatch {
  const space = addressSpaceOf(guestTarget(metadata.target, blocks, image), new ImagePlace(image, linkedPlace));
  const kernel = [...blocks.address.keys()].filter((block) => space.isKernel(blocks.address[block]));
  const checkable = kernel.filter((block) => (blocks.flags[block] & BlockFlag.HasCrc) !== 0 && blocks.size[block] >= 8);
  const placement = findPlacement(blocks, kernel, spread(checkable, sampleSize), image);
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
    const evidence = `${percent(equal)} of ${formatExact(sample.length)} recorded kernel blocks have the bytes of this vmlinux.`;
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
    const evidence = `${percent(hits)} of ${formatExact(calls.length)} recorded calls go to functions of this vmlinux.`;
    return { verdict: hits >= enoughTargets ? "matches" : "mismatch", evidence };
  }
  if (kernel.length === 0) return { verdict: "unchecked", evidence: "The trace holds no kernel code to compare with." };
  const reach = entryReach(metadata.source?.format);
  if (reach === null) {
    return { verdict: "unchecked", evidence: "The trace holds too little kernel code to tell which kernel it is of." };
  }
  return judgeEntries(
    BigUint64Array.from(kernel, (block) => linked(blocks.address[block])),
    image,
    reach,
  );
}

/**
 * How many bytes behind a function's start a source may first tell of it; null: it tells of some functions not even that.
 * QEMU's plugin uftrace tells of a call where the frame pointer has been set: of 420 functions of an arm64 kernel, 415 in 64 bytes.
 */
function entryReach(format: string | undefined): bigint | null {
  if (format === "hotblocks") return null;
  return format === "uftrace" ? 64n : 0n;
}

/** Control enters a function at its start: in another kernel's image, many seem to be entered in the middle only. */
function judgeEntries(addresses: BigUint64Array, image: ImageSymbols, reach: bigint): SymbolsMatch {
  const entered = new Map<number, boolean>();
  image.lookupMany(addresses).forEach((index, i) => {
    if (index < 0) return;
    const near = addresses[i] - image.functions.address[index] <= reach;
    entered.set(index, near || entered.get(index) === true);
  });
  const executed = [...entered.values()];
  const hits = share(executed, (atStart) => atStart);
  const evidence = `${percent(hits)} of ${formatExact(executed.length)} functions of this vmlinux that the trace executed were entered ${reach > 0n ? "near" : "at"} their start.`;
  return { verdict: hits >= enoughEntered ? "matches" : "mismatch", evidence };
}

/** A System.map has no bytes, nor has debug information that was split off. */
const hasBytes = (image: ImageSymbols): boolean =>
  image.segments.every(({ executable, virtualAddress }) => !executable || image.read(virtualAddress, 1) !== null);

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
