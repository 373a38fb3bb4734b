/** Functions as binutils' nm lists them: the only source of names of the brute-force oracles. */
import { execFileSync } from "node:child_process";

interface NmFunction {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  /** Number of the source file before it in the table, 0 for none. */
  readonly unit: number;
}

/** Sized functions of an ELF image; of several at one address, one. */
export class NmFunctions {
  private readonly functions: NmFunction[];

  constructor(image: string) {
    const text = execFileSync("nm", ["-S", "--no-sort", "--debug-syms", "--defined-only", image], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    let unit = 0;
    this.functions = [...text.matchAll(/^([0-9a-f]{8,16}) (?:([0-9a-f]{8,16}) )?(\S) (\S+)$/gm)]
      .flatMap(([, start, size, kind, name]) => {
        if (kind === "a") unit++;
        if (!/[tTwW]/.test(kind) || !size) return [];
        return [{ name, start: BigInt(`0x${start}`), end: BigInt(`0x${start}`) + BigInt(`0x${size}`), unit }];
      })
      .sort((a, b) => (a.start === b.start ? (a.name < b.name ? -1 : 1) : a.start < b.start ? -1 : 1));
  }

  /**
   * As `startOf`; of a piece or copy that the compiler made (.cold, .isra.0) the start of its function, when just one has that
   * name. Without one, the first of the same file that was made of it.
   */
  wholeStartOf(address: bigint): bigint | undefined {
    const found = this.#at(address);
    if (found === undefined) return undefined;
    // A stripped file does not tell which file is whose: its copies stay alone.
    const stem = found.unit === 0 && /isra|constprop/.test(found.name) ? found.name : stemOf(found.name);
    if (stem === found.name) return found.start;
    const wholes = this.functions.filter(({ name }) => name === stem);
    if (wholes.length > 0) return wholes.length === 1 ? wholes[0].start : found.start;
    return this.functions.find(
      ({ name, unit }) => unit === found.unit && !name.includes(".cold") && stemOf(name) === stem,
    )?.start;
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

const stemOf = (name: string): string => name.replace(/(?:\.(?:cold|(?:part|isra|constprop)\.\d+))+$/, "");

/** Address of a symbol of an ELF file. Throws when there is none of this name, or more than one. */
export function symbolAddress(image: string, name: string): bigint {
  const text = execFileSync("nm", ["--defined-only", image], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found = [...text.matchAll(/^([0-9a-f]{8,16}) \S (\S+)$/gm)].filter(([, , symbol]) => symbol === name);
  if (found.length !== 1) throw new Error(`${image} has ${found.length} symbols ${name}`);
  return BigInt(`0x${found[0][1]}`);
}
