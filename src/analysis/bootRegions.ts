/** What code at low addresses is while no kernel maps them: firmware and boot code, by place and order. */
import { Category } from "../protocol/engine";
import type { MachineFirmware } from "./machineFirmware";
import { region, type Region } from "./region";

const boot = (name: string, reason: string): Region => region(name, Category.Decompressor, reason);
const firmware = (name: string, reason: string): Region => region(name, Category.Firmware, reason);

export const bootRegions = {
  bootSector: firmware("boot sector", "the disk's boot sector: no symbols"),
  bootLoader: firmware("boot loader", "a boot loader, or what it started: no symbols"),
  optionRom: firmware("option ROM", "an option ROM of a device: no symbols"),
  systemManagement: firmware("system management mode", "the firmware's code for system management mode: no symbols"),
  resetRom: firmware("reset ROM", "QEMU's code at the reset vector: no symbols"),
  realModeSetup: boot(
    "kernel real-mode setup",
    "the kernel's real-mode setup: no setup.elf with these bytes was found",
  ),
  decompressor: boot(
    "kernel decompressor",
    "the kernel's decompressor: no arch/x86/boot/compressed/vmlinux with these bytes was found",
  ),
  armDecompressor: boot(
    "kernel decompressor",
    "the kernel's decompressor, as far as its place tells: the trace has nothing that names its code",
  ),
  beforePaging: region(
    "kernel before paging",
    Category.Kernel,
    "the kernel's first code, at its physical address: no vmlinux that tells it",
  ),
  loaded: region(
    "kernel or program",
    Category.Unknown,
    "what QEMU loaded: a kernel before it has paging, or a program without one; no kernel ran at its own addresses",
  ),
  trampoline: region(
    "real-mode trampoline",
    Category.Kernel,
    "the kernel's real-mode trampoline: no realmode.elf with these bytes was found",
  ),
  unknown: region("unknown", Category.Unknown, "unknown address"),
} as const;

/** A block as regions see it. */
export interface LowBlock {
  readonly address: bigint;
  /** When it ran first. */
  readonly first: number;
  /** Whether it runs where it physically is; null: not recorded. */
  readonly identity: boolean | null;
}

/** The order of things before the kernel runs at its virtual addresses, for one kind of machine. */
export interface BootRegions {
  /** Of a block that ran first before the kernel did. */
  before(block: LowBlock): Region;
  /** Of a block that ran first when the kernel did; null: it is a process's. */
  after(block: LowBlock): Region | null;
  /** Whether code at this address is not of a process although the kernel runs, when no physical address tells it. */
  isEarly(address: bigint): boolean;
}

const inside = (address: bigint, start: bigint, end: bigint): boolean => address >= start && address < end;
const isFlash = (address: bigint): boolean => address >= 0xff00_0000n;
const isSetup = (address: bigint): boolean =>
  // QEMU loads the setup code at 0x10000, boot loaders with the old protocol at 0x90000.
  inside(address, 0x1_0000n, 0x2_0000n) || inside(address, 0x9_0000n, 0xa_0000n);
const isBootSector = (address: bigint): boolean => inside(address, 0x7c00n, 0x7e00n);

/** A PC: SeaBIOS or UEFI, boot sector, real-mode setup, decompressor (Documentation/x86/boot.rst). */
export class PcRegions implements BootRegions {
  readonly #bootSectorTime: number;
  readonly #setupTime: number;
  /** When the code at 1 MiB, where a bzImage's protected-mode part is loaded, first ran. */
  readonly #decompressorTime: number;

  constructor(
    private readonly machine: MachineFirmware,
    blocks: Iterable<Pick<LowBlock, "address" | "first">>,
  ) {
    let [bootSector, setup, decompressor] = [Infinity, Infinity, Infinity];
    for (const { address, first } of blocks) {
      if (isBootSector(address)) bootSector = Math.min(bootSector, first);
      else if (isSetup(address)) setup = Math.min(setup, first);
      else if (inside(address, 0x10_0000n, 0x10_0400n)) decompressor = Math.min(decompressor, first);
    }
    [this.#bootSectorTime, this.#setupTime, this.#decompressorTime] = [bootSector, setup, decompressor];
  }

  before({ address, first, identity }: LowBlock): Region {
    if (isFlash(address)) return this.machine.region;
    const loaded = first >= this.#bootSectorTime && first < this.#setupTime;
    if (address >= 0x10_0000n) {
      if (loaded) return bootRegions.bootLoader;
      return first >= this.#decompressorTime ? bootRegions.decompressor : this.machine.region;
    }
    if (isBootSector(address)) return bootRegions.bootSector;
    if (loaded && address < 0xa_0000n) return bootRegions.bootLoader;
    if (isSetup(address)) return bootRegions.realModeSetup;
    // The entry points at the base that processors have after a reset, and at the one that firmware moves it to.
    if (inside(address, 0x3_8000n, 0x3_9000n) || isVideoMemory(address)) return bootRegions.systemManagement;
    // Firmware also runs here before it made a copy of itself in memory: then from flash.
    if (inside(address, 0xc_0000n, 0xe_0000n) && identity === true) return bootRegions.optionRom;
    return this.machine.region;
  }

  after({ address, identity }: LowBlock): Region | null {
    if (identity !== true) return null;
    // The start-up code of further processors.
    if (address < 0xa_0000n) return bootRegions.trampoline;
    if (isVideoMemory(address)) return bootRegions.systemManagement;
    const isFirmware = address < 0x10_0000n || isFlash(address) || this.machine.given;
    return isFirmware ? this.machine.region : bootRegions.unknown;
  }

  /** Processes may be at any address that a PC's boot code had. */
  isEarly(): boolean {
    return false;
  }
}

/** Code in the window of video memory is in the memory behind it, which only system management mode sees. */
const isVideoMemory = (address: bigint): boolean => inside(address, 0xa_0000n, 0xc_0000n);

/** A machine of which nothing is known. */
export class OtherRegions implements BootRegions {
  constructor(private readonly machine: MachineFirmware) {}

  before(): Region {
    return this.machine.region;
  }

  after({ identity }: LowBlock): Region | null {
    return identity === true ? bootRegions.unknown : null;
  }

  isEarly(): boolean {
    return false;
  }
}

/** QEMU's `virt` machines, which have their memory behind their devices (hw/arm/virt.c, hw/riscv/virt.c in QEMU). */
export class VirtRegions implements BootRegions {
  /** Pages whose code ran before the kernel's virtual addresses did. */
  readonly #early: ReadonlySet<bigint>;

  /**
   * @param memory first address of memory
   * @param kernel first address that a kernel can have: what is below is of firmware
   * @param kernelTime when the kernel first ran at its virtual addresses
   */
  constructor(
    private readonly machine: MachineFirmware,
    private readonly memory: bigint,
    private readonly kernel: bigint,
    private readonly kernelTime: number,
    blocks: Iterable<Pick<LowBlock, "address" | "first">>,
  ) {
    const early = new Set<bigint>();
    for (const { address, first } of blocks) if (first < kernelTime) early.add(address >> 12n);
    this.#early = early;
  }

  before({ address }: LowBlock): Region {
    if (address < this.memory) {
      return inside(address, 0x1000n, 0x1_0000n) && !this.machine.given ? bootRegions.resetRom : this.machine.region;
    }
    if (address < this.kernel || this.machine.given) return this.machine.region;
    return this.kernelTime < Infinity ? bootRegions.beforePaging : bootRegions.loaded;
  }

  /** Memory is where processes have nothing: code there that ran before is what it was. */
  after(block: LowBlock): Region | null {
    if (block.identity === false || !inside(block.address, this.memory, this.memory + 0x1_0000_0000n)) return null;
    return block.address < this.kernel || this.isEarly(block.address) ? this.before(block) : null;
  }

  /** Whether the page of an address was executed before the kernel ran at its virtual addresses. */
  isEarly(address: bigint): boolean {
    return this.#early.has(address >> 12n);
  }
}

/**
 * A `virt` machine for 32-bit Arm: QEMU loads a zImage 64 KiB behind the start of memory (hw/arm/boot.c), which unpacks the kernel. Its
 * entry lies 32 KiB behind a multiple of 2 MiB (TEXT_OFFSET in arch/arm/Makefile).
 */
export class ArmRegions extends VirtRegions {
  readonly #entryTime: number;

  constructor(
    machine: MachineFirmware,
    kernel: bigint,
    kernelTime: number,
    blocks: readonly Pick<LowBlock, "address" | "first">[],
  ) {
    super(machine, armMemory, kernel, kernelTime, blocks);
    this.#entryTime = blocks
      .filter(({ address }) => address > armMemory && address % 0x20_0000n === 0x8000n)
      .reduce((earliest, { first }) => Math.min(earliest, first), Infinity);
  }

  override before(block: LowBlock): Region {
    const found = super.before(block);
    return found === bootRegions.beforePaging && block.first < this.#entryTime ? bootRegions.armDecompressor : found;
  }
}

const armMemory = 0x4000_0000n;

/**
 * @param target QEMU's name of the guest's architecture; undefined: unknown
 * @param kernelTime when the kernel first ran at its virtual addresses
 */
export function bootRegionsOf(
  target: string | undefined,
  pc: boolean,
  machine: MachineFirmware,
  kernelTime: number,
  blocks: readonly Pick<LowBlock, "address" | "first">[],
): BootRegions {
  if (pc) return new PcRegions(machine, blocks);
  // A program without a kernel may be where QEMU has the code that starts a kernel.
  const behindBootCode = (bytes: bigint): bigint => (kernelTime < Infinity ? armMemory + bytes : armMemory);
  if (target === "arm") return new ArmRegions(machine, behindBootCode(0x1_0000n), kernelTime, blocks);
  if (target === "aarch64") return new VirtRegions(machine, armMemory, behindBootCode(0x8_0000n), kernelTime, blocks);
  if (target === "riscv64") return new VirtRegions(machine, 0x8000_0000n, 0x8020_0000n, kernelTime, blocks);
  return new OtherRegions(machine);
}
