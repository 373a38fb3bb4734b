/** Functions as binutils' nm lists them: the only source of names of the brute-force oracles. */
import { execFileSync } from "node:child_process";

interface NmFunction {
  readonly start: bigint;
  readonly end: bigint;
}

/** Sized functions of an ELF image; of several at one address, one. */
export class NmFunctions {
  private readonly functions: NmFunction[];

  constructor(image: string) {
    const text = execFileSync("nm", ["-S", "--numeric-sort", "--defined-only", image], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    this.functions = [...text.matchAll(/^([0-9a-f]{8,16}) ([0-9a-f]{8,16}) [tTwW] /gm)].map(([, start, size]) => ({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${start}`) + BigInt(`0x${size}`),
    }));
  }

  /** Start of the function that holds the address, or undefined. */
  startOf(address: bigint): bigint | undefined {
    let [low, high] = [0, this.functions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.functions[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const { start, end } = this.functions[low - 1];
    return address < end ? start : undefined;
  }
}

/** Address of a symbol of an ELF file. Throws when there is none of this name, or more than one. */
export function symbolAddress(image: string, name: string): bigint {
  const text = execFileSync("nm", ["--defined-only", image], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found = [...text.matchAll(/^([0-9a-f]{8,16}) \S (\S+)$/gm)].filter(([, , symbol]) => symbol === name);
  if (found.length !== 1) throw new Error(`${image} has ${found.length} symbols ${name}`);
  return BigInt(`0x${found[0][1]}`);
}
