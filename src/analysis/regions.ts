import { Category } from "../protocol/engine";
import { BlockFlag, unknownPhysicalAddress } from "../trace/blocks";
import type { BlockTable, TraceMetadata } from "../trace/types";
import { addressSpaceOf, type AddressSpace } from "./addressSpace";
import { bootRegionsOf, type BootRegions } from "./bootRegions";
import { guestTarget } from "./guestTarget";
import { firmwareOrProgram, machineFirmware } from "./machineFirmware";
import type { ImagePlace } from "./placement";
import { region, type Region } from "./region";
import { traceOrigin } from "./traceOrigin";

export const regions = {
  module: region("kernel modules", Category.Module, "module code: no .ko file with these bytes was found"),
  moduleWithoutBytes: region(
    "kernel modules",
    Category.Module,
    "module code: the trace has no bytes to find .ko files by, and no list of the guest's modules places one here",
  ),
  kernelOther: region("kernel outside vmlinux", Category.Kernel, "kernel code that is not in vmlinux"),
  betweenFunctions: region("kernel between functions", Category.Kernel, "no function symbol at this address"),
  user: region("user space", Category.User, "user space: no program with these bytes was found"),
  userWithoutBytes: region("user space", Category.User, "user space: the trace has no bytes to find programs by"),
} as const;

/** Whether a trace tells which bytes its blocks have: an imported log does not. */
export const hasBytes = ({ flags, count }: BlockTable): boolean =>
  flags.subarray(0, count).some((flag) => (flag & BlockFlag.HasCrc) !== 0);

/** What a trace says of the machine that it was recorded on. */
export interface TracedMachine {
  /** QEMU's name of the architecture. */
  readonly target: string | undefined;
  /** QEMU's command line; empty: unknown. */
  readonly commandLine: readonly string[];
  /** A program ran alone, under QEMU's user emulation: there is neither firmware nor a kernel; undefined: unknown. */
  readonly isProgram?: boolean | undefined;
}

export const tracedMachine = ({ target, qemu, systemEmulation }: TraceMetadata): TracedMachine => ({
  target,
  commandLine: qemu?.commandLine ?? [],
  isProgram: systemEmulation === undefined ? undefined : !systemEmulation,
});

/** Where a block belongs: in the image (as a link address), or in a region, or in kernel code without an image. */
export type BlockPlace =
  | { readonly kind: "image"; readonly address: bigint }
  | { readonly kind: "region"; readonly region: Region }
  | { readonly kind: "kernel" };

const inKernel: BlockPlace = { kind: "kernel" };

/** Code that no program has: that of the upper half, but for the page of x86_64 where programs of old call the kernel. */
const isKernels = (address: bigint): boolean => address >= 1n << 63n && address >> 12n !== 0xffff_ffff_ff60_0n;

/** Sorts the blocks of a trace by where they belong. */
export class BlockPlaces {
  readonly #space: AddressSpace;
  /** When the kernel first ran at its virtual addresses: low addresses mean something else before and after. */
  readonly #kernelTime: number;
  readonly #boot: BootRegions;
  readonly #isProgram: boolean;
  /** Rows for code that is of other files, with the reason that holds for this trace. */
  readonly #module: Region;
  readonly #user: Region;

  /**
   * @param first when each block was executed first (Infinity: not yet known)
   * @param place the image's, when there is one
   */
  constructor(
    private readonly blocks: BlockTable,
    private readonly first: Float64Array,
    { target: declared, commandLine, isProgram }: TracedMachine,
    private readonly place: ImagePlace | null,
  ) {
    const addresses = blocks.address.subarray(0, blocks.count);
    const target = guestTarget(declared, blocks, place);
    this.#space = addressSpaceOf(target, place);
    const isRecognizable = hasBytes(blocks);
    this.#module = isRecognizable ? regions.module : regions.moduleWithoutBytes;
    this.#user = isRecognizable ? regions.user : regions.userWithoutBytes;
    const low: { address: bigint; first: number }[] = [];
    let kernelTime = Infinity;
    addresses.forEach((address, block) => {
      if (this.#space.isKernel(address)) kernelTime = Math.min(kernelTime, first[block]);
      else low.push({ address, first: first[block] });
    });
    this.#kernelTime = kernelTime;
    const isUndescribed = isProgram === undefined && commandLine.length === 0;
    const origin = isUndescribed ? traceOrigin(addresses, first, kernelTime < Infinity) : "machine";
    this.#isProgram = isProgram === true ? !addresses.some(isKernels) : origin === "program";
    const firmware = origin === null ? firmwareOrProgram : machineFirmware(target, commandLine);
    this.#boot = bootRegionsOf(target, this.#space.pc, firmware, kernelTime, low);
  }

  of(block: number): BlockPlace {
    const address = this.blocks.address[block];
    if (this.#isProgram) return this.#program(address);
    if (this.#space.isKernel(address)) return this.#kernel(address);
    const first = this.first[block];
    const identity = this.#identityMapped(block);
    if (identity !== false) {
      const linked = this.place?.fromPhysical(address) ?? null;
      const early = identity ?? (first < this.#kernelTime || this.#boot.isEarly(address));
      if (linked !== null && early) return { kind: "image", address: linked };
    }
    const low = { address, first, identity };
    const found = first < this.#kernelTime ? this.#boot.before(low) : this.#boot.after(low);
    return { kind: "region", region: found ?? this.#user };
  }

  /** Whether a block runs where it physically is; null when its physical address was not recorded. */
  #identityMapped(block: number): boolean | null {
    const physical = this.blocks.physicalAddress[block];
    return physical === unknownPhysicalAddress ? null : physical === this.blocks.address[block];
  }

  #program(address: bigint): BlockPlace {
    const linked = this.place?.fromVirtual(address) ?? null;
    return linked === null ? { kind: "region", region: this.#user } : { kind: "image", address: linked };
  }

  #kernel(address: bigint): BlockPlace {
    if (this.place === null) {
      return this.#space.isModuleArea(address) && address >= 0xffff_ffff_c000_0000n
        ? { kind: "region", region: this.#module }
        : inKernel;
    }
    const linked = this.place.fromVirtual(address);
    if (linked !== null) return { kind: "image", address: linked };
    const outside = this.#space.isModuleArea(address) ? this.#module : regions.kernelOther;
    return { kind: "region", region: outside };
  }
}

/** Blocks that only files beside the kernel's image may explain. */
export interface CodeCandidates {
  /** Run by the kernel: modules. */
  readonly kernel: readonly number[];
  /** Run by processes. */
  readonly user: readonly number[];
  /** Run before the kernel or below it: firmware, decompressor. */
  readonly boot: readonly number[];
}

/** Sorts out the blocks of a trace that are not of the kernel's image. */
export function codeCandidates(
  blocks: BlockTable,
  first: Float64Array,
  machine: TracedMachine,
  place: ImagePlace,
): CodeCandidates {
  const places = new BlockPlaces(blocks, first, machine, place);
  const candidates: { kernel: number[]; user: number[]; boot: number[] } = { kernel: [], user: [], boot: [] };
  for (let block = 0; block < blocks.count; block++) {
    const found = places.of(block);
    if (found.kind !== "region" || first[block] === Infinity) continue;
    const { category } = found.region;
    if (category === Category.Module || found.region === regions.kernelOther) candidates.kernel.push(block);
    else if (category === Category.User) candidates.user.push(block);
    else candidates.boot.push(block);
  }
  return candidates;
}
