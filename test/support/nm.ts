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
    this.functions = [...text.matchAll(/^([0-9a-f]{16}) ([0-9a-f]{16}) [tTwW] /gm)].map(([, start, size]) => ({
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
    const found = this.functions.at(low - 1);
    return low > 0 && found !== undefined && address < found.end ? found.start : undefined;
  }
}
