/** Whose code a trace has, where it does not say so itself: imported logs name no target, and processors of 64 bits run kernels of 32. */
import type { ImageSymbols } from "../symbols/types";
import { unknownPhysicalAddress } from "../trace/blocks";
import type { BlockTable } from "../trace/types";

/** What an image tells of the guest that it is of. */
export type GuestImage = Pick<ImageSymbols, "machine">;

/** Where QEMU's machines begin: x86; RISC-V; Arm with boot code of QEMU at the start of memory, or firmware. */
const x86Reset = 0xffff_fff0n;
const riscvResets: ReadonlySet<bigint> = new Set([0x1000n, 0x1004n]);
const armResets: ReadonlySet<bigint> = new Set([0n, 0x4000_0000n]);
/** Kernel text and modules of x86_64: the last 2 GiB (Documentation/arch/x86/x86_64/mm.rst). */
const x86Top = 0xffff_ffff_8000_0000n;
/** Where kernels of 32 bits are when 3 GiB are for processes; firmware of a PC is in the last 16 MiB. */
const narrowKernel = { start: 0xc000_0000n, end: 0xff00_0000n };

/**
 * QEMU's name of the architecture whose code ran; undefined: nothing tells.
 * @param target what the trace says
 * @param image that names its addresses; null: none
 */
export function guestTarget(
  target: string | undefined,
  blocks: BlockTable,
  image: GuestImage | null,
): string | undefined {
  const addresses = blocks.address.subarray(0, blocks.count);
  const machine = image === null || image.machine === "other" ? undefined : image.machine;
  if (target === undefined) return machine ?? targetByAddresses(addresses);
  const narrow = narrowTargets.get(target);
  if (narrow === undefined) return target;
  if (machine === narrow) return narrow;
  return machine === undefined && !isWide(addresses) && runsNarrowKernel(blocks) ? narrow : target;
}

/** What processors of 64 bits run besides their own code. */
const narrowTargets: ReadonlyMap<string, string> = new Map([
  ["x86_64", "i386"],
  ["aarch64", "arm"],
]);

function targetByAddresses(addresses: BigUint64Array): string | undefined {
  if (addresses.length === 0) return undefined;
  const [start] = addresses;
  const wide = isWide(addresses);
  if (start === x86Reset) return wide ? "x86_64" : "i386";
  if (riscvResets.has(start)) return wide ? "riscv64" : "riscv32";
  if (armResets.has(start)) return wide ? "aarch64" : "arm";
  return addresses.some((address) => address >= x86Top) ? "x86_64" : undefined;
}

const isWide = (addresses: BigUint64Array): boolean => addresses.some((address) => address >= 1n << 32n);

/** Code at the addresses of a kernel of 32 bits that is not there physically, as far as that was recorded. */
function runsNarrowKernel({ address, physicalAddress, count }: BlockTable): boolean {
  for (let block = 0; block < count; block++) {
    const at = address[block];
    if (at < narrowKernel.start || at >= narrowKernel.end) continue;
    if (physicalAddress[block] === unknownPhysicalAddress || physicalAddress[block] !== at) return true;
  }
  return false;
}
