/** Executions per function, counted twice: what QEMU logged by nm's symbols, what was recorded by ours. */
import { openImage } from "../../src/symbols/image";
import type { Lockstep } from "./lockstep";
import { NmFunctions } from "./nm";

export interface FunctionComparison {
  /** Functions that were executed. */
  readonly functions: number;
  /** Those whose counts differ: start address, by the log, by the recording. */
  readonly different: readonly string[];
}

export async function compareFunctions(
  vmlinux: string,
  { trace, logged, recorded }: Lockstep,
): Promise<FunctionComparison> {
  const functions = new NmFunctions(vmlinux);
  const expected = new Map<bigint, number>();
  for (const [address, count] of logged) add(expected, functions.startOf(BigInt(`0x${address}`)), count);
  const found = new Map<bigint, number>();
  const image = await openImage(vmlinux);
  const indices = image.lookupMany(trace.blocks.address);
  recorded.forEach((count, block) => {
    const index = indices[block];
    if (count > 0) add(found, index < 0 ? undefined : image.functions.address[index], count);
  });
  image.close();
  const different = [...new Set([...expected.keys(), ...found.keys()])]
    .filter((start) => expected.get(start) !== found.get(start))
    .map(
      (start) => `${start.toString(16)}: ${String(expected.get(start))} logged, ${String(found.get(start))} recorded`,
    );
  return { functions: expected.size, different };
}

function add(counts: Map<bigint, number>, start: bigint | undefined, count: number): void {
  if (start !== undefined) counts.set(start, (counts.get(start) ?? 0) + count);
}
