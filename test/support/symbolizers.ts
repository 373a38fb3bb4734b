/** What other tools say of addresses: addr2line of binutils and of elfutils, and llvm-symbolizer, in one form. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import type { InlineFrames } from "../../src/symbols/types";

export interface Place {
  name: string;
  /** "file:line" with a normal path; "-" for none. */
  line: string;
}

/** The calls at an address, the innermost first. */
export type Chain = readonly Place[];

/** Our own chain of address number `index`. */
export function chainAt(frames: InlineFrames, index: number): Place[] {
  return Array.from({ length: frames.first[index + 1] - frames.first[index] }, (_, depth) => {
    const frame = frames.first[index] + depth;
    return {
      name: frames.name[frame] < 0 ? "-" : frames.names[frames.name[frame]],
      line: frames.line[frame] === 0 ? "-" : `${frames.files[frames.file[frame]]}:${frames.line[frame]}`,
    };
  });
}

/**
 * What addr2line says.
 * @param program that of binutils for the image's machine, or eu-addr2line, which takes all
 */
export function addr2lineChains(image: string, addresses: readonly bigint[], program = "addr2line"): Place[][] {
  return parseChains(runTool(program, ["-a", "-f", "-i", "-e", image], hexLines(addresses)));
}

/** The form of `addr2line -a -f -i`, which `bootscope symbolize --inlines` has too. */
export function parseChains(output: string): Place[][] {
  return output
    .split(/^0x[0-9a-f]+\n/m)
    .slice(1)
    .map((text) => text.trim().split("\n"))
    .map((rows) =>
      Array.from({ length: rows.length / 2 }, (_, frame) => ({
        name: rows[frame * 2].replace(/ inlined at .*/, ""),
        line: normalLine(rows[frame * 2 + 1]),
      })),
    );
}

/** What llvm-symbolizer says; without `inlines` the function that has the symbol alone. */
export function llvmChains(image: string, addresses: readonly bigint[], inlines = true): Place[][] {
  if (addresses.length === 0) return [];
  const how = inlines ? "--inlines" : "--no-inlines";
  const output = runTool("llvm-symbolizer", [how, "-e", image], hexLines(addresses));
  return output
    .trim()
    .split("\n\n")
    .map((text) => text.split("\n"))
    .map((rows) =>
      Array.from({ length: rows.length / 2 }, (_, frame) => ({
        name: rows[frame * 2],
        line: normalLine(rows[frame * 2 + 1]),
      })),
    );
}

/** DWARF names the function, the symbol table its clone or piece. */
export const withoutClone = (name: string) => name.replace(/(?:\.(?:cold|part|isra|constprop)(?:\.\d+)?)+$/, "");

export function runTool(program: string, args: readonly string[], input = ""): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, encoding: "utf8", maxBuffer: 1 << 30 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}

/** The same numbers, from 0 up to 1, every time. */
export function randomNumbers(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** "-" for no line; addr2line then shows the file that the symbol table names, as "file.c:?". eu-addr2line adds a column. */
function normalLine(text: string): string {
  const line = text.replace(/ \(discriminator.*/, "").replace(/(:\d+):\d+$/, "$1");
  return /:[?0]$/.test(line) ? "-" : path.posix.normalize(line);
}

export const hexLines = (addresses: readonly bigint[]) =>
  addresses.map((address) => `0x${address.toString(16)}\n`).join("");
