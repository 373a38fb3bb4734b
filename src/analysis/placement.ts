import type { ImageSymbols } from "../symbols/types";

/**
 * How far a kernel runs from where it was linked. Without KASLR both are 0.
 * On x86_64 virtual and physical base are randomized independently.
 */
export interface Placement {
  readonly virtualSlide: bigint;
  readonly physicalSlide: bigint;
}

export const linkedPlace: Placement = { virtualSlide: 0n, physicalSlide: 0n };

const topAddress = (1n << 64n) - 1n;

/** Takes run-time addresses back to where the image was linked. */
export class ImagePlace {
  readonly #virtual: readonly { start: bigint; end: bigint }[];
  /** From the first to the last address of the image. */
  readonly #linked: { readonly start: bigint; readonly end: bigint };
  readonly #physical: readonly { start: bigint; end: bigint; toVirtual: bigint }[];

  readonly machine: ImageSymbols["machine"];
  /** First address that a Linux kernel is linked at; undefined: it is none. */
  readonly linuxStart: bigint | undefined;
  /** How far the image was moved, virtually. */
  readonly slide: bigint;

  constructor(image: ImageSymbols, { virtualSlide, physicalSlide }: Placement) {
    this.machine = image.machine;
    // Per-CPU data is linked at 0 and never executed.
    const segments = image.segments.filter(({ executable, virtualAddress }) => executable && virtualAddress !== 0n);
    this.#virtual = segments.map(({ virtualAddress, memorySize }) => ({
      start: virtualAddress + virtualSlide,
      end: virtualAddress + virtualSlide + memorySize,
    }));
    this.#physical = segments.map(({ virtualAddress, physicalAddress, memorySize }) => ({
      start: physicalAddress + physicalSlide,
      end: physicalAddress + physicalSlide + memorySize,
      toVirtual: virtualAddress - physicalAddress - physicalSlide,
    }));
    this.slide = virtualSlide;
    const all = image.segments.filter(({ virtualAddress }) => virtualAddress !== 0n);
    this.#linked = {
      start: all.reduce<bigint>((least, at) => (at.virtualAddress < least ? at.virtualAddress : least), topAddress),
      end: all.reduce((most, at) => {
        const end = at.virtualAddress + at.memorySize;
        return end > most ? end : most;
      }, 0n),
    };
    this.linuxStart = image.banner === null ? undefined : this.#linked.start;
  }

  /** Whether the image has anything, code or data, linked at an address. */
  isLinkAddress(address: bigint): boolean {
    return address >= this.#linked.start && address < this.#linked.end;
  }

  /** Link address for a run-time virtual address, or null outside the image. */
  fromVirtual(address: bigint): bigint | null {
    return this.#virtual.some(({ start, end }) => address >= start && address < end) ? address - this.slide : null;
  }

  /** Link address for a physical one (code that runs before paging maps it high), or null outside the image. */
  fromPhysical(address: bigint): bigint | null {
    const segment = this.#physical.find(({ start, end }) => address >= start && address < end);
    return segment === undefined ? null : address + segment.toVirtual;
  }
}
