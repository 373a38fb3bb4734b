/** Where things are in a guest's address space, as far as an address alone tells. */
import type { ImagePlace } from "./placement";

export interface AddressSpace {
  /** The kernel's half: virtual addresses that only the kernel can execute. */
  isKernel(address: bigint): boolean;
  /** Where modules are loaded when they are not inside the image. */
  isModuleArea(address: bigint): boolean;
  /** The boot code of a PC is told apart by where it is. */
  readonly pc: boolean;
}

/** First address of modules: after 512 MiB of kernel, or 1 GiB when the kernel's base can be randomized. */
const x86ModulesAfterImage = 0xffff_ffff_a000_0000n;
const x86ModulesEnd = 0xffff_ffff_ff00_0000n;
const upperHalf = 1n << 63n;

const x86_64: AddressSpace = {
  isKernel: (address) => address >= upperHalf,
  isModuleArea: (address) => address >= x86ModulesAfterImage && address < x86ModulesEnd,
  pc: true,
};

/** A kernel of 32 bits; firmware in the last 16 MiB is told apart by time. */
const i386 = (start: bigint): AddressSpace => ({
  isKernel: (address) => address >= start && address < 0xff00_0000n,
  isModuleArea: (address) => address >= 0xf000_0000n && address < 0xff00_0000n,
  pc: true,
});

/** 64-bit architectures whose kernel lives in the upper half. Modules are below or above the image: no rule without a map. */
const upperHalfKernel: AddressSpace = {
  isKernel: (address) => address >= upperHalf,
  isModuleArea: () => false,
  pc: false,
};

/** 32-bit Arm: modules in the 16 MiB below the kernel. */
const arm = (start: bigint): AddressSpace => ({
  isKernel: (address) => address >= start - 0x100_0000n && address < 1n << 32n,
  isModuleArea: (address) => address >= start - 0x100_0000n && address < start,
  pc: false,
});

/**
 * The address space of a guest.
 * @param target QEMU's name of it, as `guestTarget` finds it
 * @param place the kernel's, when there is an image of it
 */
export function addressSpaceOf(target: string | undefined, place: Pick<ImagePlace, "linuxStart"> | null): AddressSpace {
  switch (target) {
    case "x86_64":
      return x86_64;
    case "i386":
      return i386(narrowStart(place?.linuxStart));
    case "arm":
      return arm(narrowStart(place?.linuxStart));
    case undefined:
    default:
      return upperHalfKernel;
  }
}

/** 3 GiB for processes are usual. */
const usualSplit = 0xc000_0000n;
/** Kernels are linked a few MiB behind the first address that is theirs (CONFIG_VMSPLIT, a multiple of this). */
const splitStep = 0x800_0000n;
const leastSplit = 0x4000_0000n;

/** Where the half of a kernel of 32 bits begins. */
function narrowStart(linuxStart: bigint | undefined): bigint {
  if (linuxStart === undefined || linuxStart < leastSplit) return usualSplit;
  return linuxStart - (linuxStart % splitStep);
}
