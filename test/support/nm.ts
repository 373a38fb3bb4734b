/** Functions as binutils' nm lists them: the only source of names of the brute-force oracles. */
import { execFileSync } from "node:child_process";

interface NmFunction {
  readonly name: string;
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
    const rows = text.matchAll(/^([0-9a-f]{8,16}) ([0-9a-f]{8,16}) [tTwW] (\S+)$/gm);
    this.functions = [...rows].map(([, start, size, name]) => ({
      name,
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${start}`) + BigInt(`0x${size}`),
    }));
  }

  /** As `startOf`; of a piece that the compiler split off (.cold, .part) the start of its function, when just one has that name. */
  wholeStartOf(address: bigint): bigint | undefined {
    const found = this.#at(address);
    const stem = found?.name.replace(/(?:\.(?:cold|part\.\d+))+$/, "");
    const wholes = stem === found?.name ? [] : this.functions.filter(({ name }) => name === stem);
    return wholes.length === 1 ? wholes[0].start : found?.start;
  }

  /** Start of the function that holds the address, or undefined. */
  startOf(address: bigint): bigint | undefined {
    return this.#at(address)?.start;
  }

  #at(address: bigint): NmFunction | undefined {
    let [low, high] = [0, this.functions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.functions[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    const found = low === 0 ? undefined : this.functions[low - 1];
    return found !== undefined && address < found.end ? found : undefined;
  }
}

/** Address of a symbol of an ELF file. Throws when there is none of this name, or more than one. */
export function symbolAddress(image: string, name: string): bigint {
  const text = execFileSync("nm", ["--defined-only", image], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found = [...text.matchAll(/^([0-9a-f]{8,16}) \S (\S+)$/gm)].filter(([, , symbol]) => symbol === name);
  if (found.length !== 1) throw new Error(`${image} has ${found.length} symbols ${name}`);
  return BigInt(`0x${found[0][1]}`);
}
