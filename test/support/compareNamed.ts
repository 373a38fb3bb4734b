/** Executions per function of one file of a trace, counted twice: what QEMU logged by nm's symbols, what the engine answers. */
import type { FunctionsPage, PlacedFile } from "../../src/protocol/engine";
import type { FunctionComparison } from "./compareFunctions";
import { NmFunctions } from "./nm";

/**
 * @param elf the file whose symbols nm lists
 * @param placed where its code was; the file's code begins at `start`
 * @param start link address of the first byte of its code
 * @param logged executions by address, 64 bits in hexadecimal
 */
export function compareNamed(
  elf: string,
  placed: readonly PlacedFile[],
  start: bigint,
  logged: ReadonlyMap<string, number>,
  page: FunctionsPage,
): FunctionComparison {
  const functions = new NmFunctions(elf);
  /** The address in the file of one where it ran; null: another's. */
  const inFile = (address: bigint): bigint | null => {
    for (const { address: first, bytes } of placed) {
      const offset = address - BigInt(`0x${first}`);
      if (offset >= 0n && offset < bytes) return start + offset;
    }
    return null;
  };
  const expected = new Map<bigint, number>();
  for (const [text, count] of logged) {
    const address = inFile(BigInt(`0x${text}`));
    const entry = address === null ? undefined : functions.wholeStartOf(address);
    if (entry !== undefined) expected.set(entry, (expected.get(entry) ?? 0) + count);
  }
  const found = new Map<bigint, number>();
  const suffix = ` [${placed.at(0)?.name ?? ""}]`;
  page.name.forEach((name, row) => {
    const entry = name.endsWith(suffix) ? inFile(page.address[row]) : null;
    // nm tells no size of a label, so that nothing was counted for it.
    if (entry === null || functions.startOf(entry) === undefined) return;
    if (page.executions[row] > 0) found.set(entry, (found.get(entry) ?? 0) + page.executions[row]);
  });
  const different = [...new Set([...expected.keys(), ...found.keys()])]
    .filter((entry) => expected.get(entry) !== found.get(entry))
    .map((entry) => `${entry.toString(16)}: ${String(expected.get(entry))} logged, ${String(found.get(entry))} shown`);
  return { functions: expected.size, different };
}
