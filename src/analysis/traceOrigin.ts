/**
 * What a trace without a word on its machine is of, as its addresses tell. Imported logs are such traces: QEMU writes the same
 * into them whether it emulates a machine (qemu-system-*) or runs one program (qemu-user).
 */

/** A machine that starts, or a program; null: either. */
export type TraceOrigin = "machine" | "program" | null;

/** Where processors begin: x86; Arm, also with QEMU's boot code at the start of the virt machine's memory; RISC-V. */
const resetVectors: ReadonlySet<bigint> = new Set([0xffff_fff0n, 0n, 0x4000_0000n, 0x1000n]);

/**
 * From where on QEMU's user emulation loads what has no address of its own, such as a dynamic linker: at 0x4000000000 in 7.2,
 * higher in later releases (TASK_UNMAPPED_BASE of linux-user). A machine's code before its kernel is far below, in its memory.
 */
const programsOnly = 0x40_0000_0000n;

/**
 * @param first when each block was executed first
 * @param runsKernel code was executed that can only be a kernel's
 */
export function traceOrigin(addresses: BigUint64Array, first: Float64Array, runsKernel: boolean): TraceOrigin {
  if (runsKernel) return "machine";
  const start = first.subarray(0, addresses.length).reduce((earliest, time) => Math.min(earliest, time), Infinity);
  if (addresses.some((address, block) => first[block] === start && resetVectors.has(address))) return "machine";
  return addresses.some((address) => address >= programsOnly) ? "program" : null;
}
