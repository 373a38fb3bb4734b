import { Category } from "../protocol/engine";
import { unknownPhysicalAddress } from "../trace/blocks";
import type { BlockTable } from "../trace/types";
import { addressSpaceOf, type AddressSpace } from "./addressSpace";
import type { ImagePlace } from "./placement";

/** A stretch of code that has no functions to name: it becomes one row, which says why. */
export interface Region {
  readonly name: string;
  readonly category: Category;
  /** Why there is no name. */
  readonly reason: string;
}

const region = (name: string, category: Category, reason: string): Region => ({ name: `[${name}]`, category, reason });

export const regions = {
  firmware: region("firmware", Category.Firmware, "firmware: no symbols"),
  realModeSetup: region("kernel real-mode setup", Category.Decompressor, "the kernel's real-mode setup: no symbols"),
  decompressor: region("kernel decompressor", Category.Decompressor, "the kernel's decompressor: no symbols"),
  trampoline: region("real-mode trampoline", Category.Kernel, "the kernel's real-mode trampoline: no symbols"),
  module: region("kernel modules", Category.Module, "module code: no .ko file with these bytes was found"),
  kernelOther: region("kernel outside vmlinux", Category.Kernel, "kernel code that is not in vmlinux"),
  betweenFunctions: region("kernel between functions", Category.Kernel, "no function symbol at this address"),
  user: region("user space", Category.User, "user space: no program with these bytes was found"),
  unknown: region("unknown", Category.Unknown, "unknown address"),
} as const;

/** Where a block belongs: in the image (as a link address), or in a region, or in kernel code without an image. */
export type BlockPlace =
  | { readonly kind: "image"; readonly address: bigint }
  | { readonly kind: "region"; readonly region: Region }
  | { readonly kind: "kernel" };

const inKernel: BlockPlace = { kind: "kernel" };

/** Sorts the blocks of a trace by where they belong. */
export class BlockPlaces {
  readonly #space: AddressSpace;
  /** When the kernel first ran at its virtual addresses: low addresses mean something else before and after. */
  readonly #kernelTime: number;
  /** When the code at 1 MiB, where a bzImage's protected-mode part is loaded, first ran. */
  readonly #decompressorTime: number;

  /**
   * @param first when each block was executed first (Infinity: not yet known)
   * @param place the image's, when there is one
   */
  constructor(
    private readonly blocks: BlockTable,
    private readonly first: Float64Array,
    target: string | undefined,
    private readonly place: ImagePlace | null,
  ) {
    const addresses = blocks.address.subarray(0, blocks.count);
    this.#space = addressSpaceOf(target, addresses);
    let [kernelTime, decompressorTime] = [Infinity, Infinity];
    for (let block = 0; block < blocks.count; block++) {
      const address = addresses[block];
      if (this.#space.isKernel(address)) kernelTime = Math.min(kernelTime, first[block]);
      else if (address >= 0x10_0000n && address < 0x10_0400n)
        decompressorTime = Math.min(decompressorTime, first[block]);
    }
    this.#kernelTime = kernelTime;
    this.#decompressorTime = decompressorTime;
  }

  of(block: number): BlockPlace {
    const address = this.blocks.address[block];
    if (this.#space.isKernel(address)) return this.#kernel(address);
    const identity = this.#identityMapped(block);
    if (identity !== false) {
      const linked = this.place?.fromPhysical(address) ?? null;
      const early = identity ?? this.first[block] < this.#kernelTime;
      if (linked !== null && early) return { kind: "image", address: linked };
    }
    if (this.first[block] < this.#kernelTime) return { kind: "region", region: this.#beforeKernel(block) };
    return { kind: "region", region: identity === true ? lowAfterKernel(address) : regions.user };
  }

  /** Whether a block runs where it physically is; null when its physical address was not recorded. */
  #identityMapped(block: number): boolean | null {
    const physical = this.blocks.physicalAddress[block];
    return physical === unknownPhysicalAddress ? null : physical === this.blocks.address[block];
  }

  #kernel(address: bigint): BlockPlace {
    if (this.place === null) {
      return this.#space.isModuleArea(address) && address >= 0xffff_ffff_c000_0000n
        ? { kind: "region", region: regions.module }
        : inKernel;
    }
    const linked = this.place.fromVirtual(address);
    if (linked !== null) return { kind: "image", address: linked };
    const outside = this.#space.isModuleArea(address) ? regions.module : regions.kernelOther;
    return { kind: "region", region: outside };
  }

  /** What code at a low address is before the kernel runs: the order of things on a PC (firmware, setup, decompressor). */
  #beforeKernel(block: number): Region {
    if (!this.#space.pc) return regions.firmware;
    const address = this.blocks.address[block];
    if (address < 0x10_0000n) {
      // QEMU loads the setup code at 0x10000, boot loaders with the old protocol at 0x90000.
      const setup = (address >= 0x1_0000n && address < 0x2_0000n) || (address >= 0x9_0000n && address < 0xa_0000n);
      return setup ? regions.realModeSetup : regions.firmware;
    }
    const flash = address >= 0xff00_0000n;
    return !flash && this.first[block] >= this.#decompressorTime ? regions.decompressor : regions.firmware;
  }
}

/** Blocks that only files beside the kernel's image may explain. */
export interface CodeCandidates {
  /** Run by the kernel: modules. */
  readonly kernel: readonly number[];
  /** Run by processes. */
  readonly user: readonly number[];
}

/** Sorts out the blocks of a trace that are not of the kernel's image, nor of what runs before the kernel. */
export function codeCandidates(
  blocks: BlockTable,
  first: Float64Array,
  target: string | undefined,
  place: ImagePlace,
): CodeCandidates {
  const places = new BlockPlaces(blocks, first, target, place);
  const candidates: { kernel: number[]; user: number[] } = { kernel: [], user: [] };
  for (let block = 0; block < blocks.count; block++) {
    const found = places.of(block);
    if (found.kind !== "region" || first[block] === Infinity) continue;
    if (found.region === regions.module || found.region === regions.kernelOther) candidates.kernel.push(block);
    else if (found.region === regions.user) candidates.user.push(block);
  }
  return candidates;
}

/** Identity-mapped code below the kernel once it runs: the start-up of further processors, or system management mode. */
function lowAfterKernel(address: bigint): Region {
  if (address < 0xa_0000n) return regions.trampoline;
  return address < 0x10_0000n || address >= 0xff00_0000n ? regions.firmware : regions.unknown;
}
