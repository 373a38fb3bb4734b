/** Where things are in a guest's address space, as far as an address alone tells. */

export interface AddressSpace {
  /** The kernel's half: virtual addresses that only the kernel can execute. */
  isKernel(address: bigint): boolean;
  /** Where modules are loaded when they are not inside the image. */
  isModuleArea(address: bigint): boolean;
  /** The boot code of a PC is told apart by where it is. */
  readonly pc: boolean;
}

/** Kernel text and modules: the last 2 GiB (Documentation/arch/x86/x86_64/mm.rst). */
const x86Top = 0xffff_ffff_8000_0000n;
/** First address of modules: after 512 MiB of kernel, or 1 GiB when the kernel's base can be randomized. */
const x86ModulesAfterImage = 0xffff_ffff_a000_0000n;
const x86ModulesEnd = 0xffff_ffff_ff00_0000n;
const upperHalf = 1n << 63n;

const x86_64: AddressSpace = {
  isKernel: (address) => address >= upperHalf,
  isModuleArea: (address) => address >= x86ModulesAfterImage && address < x86ModulesEnd,
  pc: true,
};

/** 3 GiB user, 1 GiB kernel: the usual split. Firmware in the last 16 MiB is told apart by time. */
const i386: AddressSpace = {
  isKernel: (address) => address >= 0xc000_0000n && address < 0xff00_0000n,
  isModuleArea: (address) => address >= 0xf000_0000n && address < 0xff00_0000n,
  pc: true,
};

/** 64-bit architectures whose kernel lives in the upper half. Modules are below or above the image: no rule without a map. */
const upperHalfKernel: AddressSpace = {
  isKernel: (address) => address >= upperHalf,
  isModuleArea: () => false,
  pc: false,
};

/** 32-bit Arm: 3 GiB user, modules in the 16 MiB below the kernel. */
const arm: AddressSpace = {
  isKernel: (address) => address >= 0xbf00_0000n && address < 1n << 32n,
  isModuleArea: (address) => address >= 0xbf00_0000n && address < 0xc000_0000n,
  pc: false,
};

/**
 * The address space of a guest.
 * @param target QEMU's name of it; without one, code in the last 2 GiB speaks for x86_64
 */
export function addressSpaceOf(target: string | undefined, addresses: BigUint64Array): AddressSpace {
  switch (target) {
    case "x86_64":
      return x86_64;
    case "i386":
      return i386;
    case "arm":
      return arm;
    case undefined:
      return addresses.some((address) => address >= x86Top) ? x86_64 : upperHalfKernel;
    default:
      return upperHalfKernel;
  }
}
