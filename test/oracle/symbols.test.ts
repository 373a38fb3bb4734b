/**
 * Names and lines of the real kernel against binutils (addr2line, nm) and, where they differ, against LLVM: every function,
 * random addresses, and every block of a recorded boot.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { guestAddress } from "../../src/protocol/units";
import { openImage } from "../../src/symbols/image";
import type { FunctionIndex, ImageSymbols, LineTable } from "../../src/symbols/types";
import { openTraceFile } from "../../src/trace/reader";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { buildBundles } from "../support/bundles";
import { NmSymbols } from "../support/nmSymbols";
import {
  addr2lineChains,
  chainAt,
  hexLines,
  llvmChains,
  parseChains,
  randomNumbers,
  runTool,
  withoutClone,
  type Place,
} from "../support/symbolizers";

let vmlinux: string;
let image: ImageSymbols;
let table: LineTable;
let nm: NmSymbols;

beforeAll(async () => {
  await ensurePackages(["binutils", "llvm"]);
  ({ vmlinux } = await ensureKernel());
  image = await openImage(vmlinux);
  table = (await image.lines())!;
  nm = new NmSymbols(runTool("nm", ["-S", vmlinux]));
});
afterAll(() => image.close());

it("has the build-id and the banner that readelf and the image's bytes show", () => {
  expect(image.buildId).toBe(/Build ID: ([0-9a-f]+)/.exec(runTool("readelf", ["-n", vmlinux]))![1]);
  const address = nm.symbols.find(({ name }) => name === "linux_banner")!.address;
  expect(image.addressOf("linux_banner")).toBe(address);
  expect(image.banner).toMatch(/^Linux version \d+\.\d+\..* \(.*\) #1 SMP/);
});

it("reads the bytes that objcopy extracts", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bootscope-oracle-"));
  try {
    const file = path.join(folder, "text");
    runTool("objcopy", ["-O", "binary", "-j", ".text", vmlinux, file]);
    const text = readFileSync(file);
    const start = image.addressOf("_text")!;
    const random = randomNumbers(7);
    for (let count = 0; count < 2000; count++) {
      const at = Math.floor(random() * (text.length - 5000));
      const length = Math.floor(random() * 5000);
      const bytes = image.read(guestAddress(start + BigInt(at)), length)!;
      expect(Buffer.compare(bytes, text.subarray(at, at + length))).toBe(0);
    }
    expect(Buffer.compare(image.read(start, text.length)!, text)).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("every function", () => {
  it("starts where nm has a symbol of its name, and has all addresses up to its end", () => {
    const { functions } = image;
    expect(functions.count).toBeGreaterThan(40_000);
    for (let index = 0; index < functions.count; index++) {
      const name = functions.name(index as FunctionIndex);
      const address = functions.address[index];
      if (!nm.namesAt(address).includes(name)) expect.fail(`nm has no ${name} at ${address.toString(16)}`);
    }
  });

  it("is there when nm has code with a size: each start address of .text symbols is a function's", () => {
    const starts = new Set(image.functions.address);
    const missing = nm.symbols.filter(
      ({ kind, size, address }) => /[tTwW]/.test(kind) && size > 0 && !starts.has(address),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("agrees with addr2line on its first instruction", () => {
    compare(Array.from(image.functions.address));
  });
});

it("begins each function in the file that it is written in, also where inlined code comes first", () => {
  const { address } = image.functions;
  const [begins, lines] = [table.entriesMany(address), table.lookupMany(address)];
  const nameOf = (index: number): string => image.functions.name(index as FunctionIndex);
  // A piece of a function (.cold) begins anywhere in it.
  const moved = [...address.keys()].filter(
    (index) => begins.file[index] !== lines.file[index] && !/\.(cold|part)/.test(nameOf(index)),
  );
  expect(moved.length).toBeGreaterThan(300);
  // The outermost frame of a chain of inlined calls is in the function itself.
  const flags = ["--inlines", "--output-style=JSON", "-e", vmlinux];
  const output = runTool("llvm-symbolizer", flags, hexLines(moved.map((index) => address[index])));
  const frames = output
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { Symbol: { FileName: string }[] }).Symbol);
  const wrong = moved.filter((index, at) => frames[at].at(-1)?.FileName !== table.files[begins.file[index]]);
  // The end of the function before can be a statement at the same address.
  expect(wrong.length / moved.length, wrong.map(nameOf).join()).toBeLessThan(0.01);
});

it("agrees with addr2line on 5,000 random addresses inside of functions", () => {
  const random = randomNumbers(0x5eed);
  const { functions } = image;
  const addresses = Array.from({ length: 5000 }, () => {
    const index = Math.floor(random() * functions.count);
    return functions.address[index] + BigInt(Math.floor(random() * functions.size[index]));
  });
  compare([...new Set(addresses)]);
});

it("agrees with addr2line on every block of the kernel in a recorded boot", async () => {
  const { blocks } = await openTraceFile(await ensureBootTrace({ preset: "deterministic" }));
  const found = image.lookupMany(blocks.address);
  const addresses = [...new Set(blocks.address.filter((_, index) => found[index] >= 0))];
  expect(addresses.length).toBeGreaterThan(40_000);
  compare(addresses);
});

it("has the chains of inlined calls that addr2line -i gives, at 5,000 random addresses and 5,000 blocks of a boot", async () => {
  const random = randomNumbers(0xca11);
  const { functions } = image;
  const inFunctions = Array.from({ length: 5000 }, () => {
    const index = Math.floor(random() * functions.count);
    return functions.address[index] + BigInt(Math.floor(random() * functions.size[index]));
  });
  const { blocks } = await openTraceFile(await ensureBootTrace({ preset: "deterministic" }));
  const found = image.lookupMany(blocks.address);
  const inKernel = [...new Set(blocks.address.filter((_, index) => found[index] >= 0))];
  const inBoot = Array.from({ length: 5000 }, () => inKernel[Math.floor(random() * inKernel.length)]);
  const addresses = [...new Set([...inFunctions, ...inBoot])];
  const frames = (await image.inlineFramesMany(BigUint64Array.from(addresses)))!;
  expect(frames.problem).toBeNull();
  const theirs = addr2lineChains(vmlinux, addresses);
  const wrong = addresses
    .map((address, index) => ({ address, own: chainAt(frames, index), theirs: theirs[index] }))
    // The innermost line is that of `compare`; a label is no function in the debug information.
    .filter(
      ({ own, theirs }) =>
        JSON.stringify(own.slice(1)) !== JSON.stringify(theirs.slice(1)) || own[0].name !== theirs[0].name,
    )
    .filter(({ address, own, theirs }) => own.length > 1 || !nm.explains(address, own[0].name, theirs[0].name));
  expect(wrong).toEqual([]);
  expect(theirs.filter((chain) => chain.length > 2).length).toBeGreaterThan(1000);
});

it("symbolize --inlines prints what addr2line -a -f -i prints, for every block of the kernel in a recorded boot", async () => {
  const { blocks } = await openTraceFile(await ensureBootTrace({ preset: "deterministic" }));
  const found = image.lookupMany(blocks.address);
  const addresses = [...new Set(blocks.address.filter((_, index) => found[index] >= 0))];
  const bundles = await buildBundles();
  onTestFinished(() => bundles.remove());
  const args = [bundles.cli, "symbolize", "--inlines", "--vmlinux", vmlinux];
  const output = runTool(process.execPath, args, hexLines(addresses));
  expect(output.match(/^0x[0-9a-f]+$/gm)).toEqual(addresses.map((one) => `0x${one.toString(16).padStart(16, "0")}`));

  const own = parseChains(output);
  const theirs = addr2lineChains(vmlinux, addresses);
  const text = (chain: readonly Place[]) => chain.map(({ name, line }) => `${name} ${line}`).join("\n");
  const withoutFirstLine = ([first, ...outer]: readonly Place[]) => text([{ ...first, line: "" }, ...outer]);
  const differing = addresses
    .map((address, index) => ({ address, own: own[index], theirs: theirs[index] }))
    .filter(({ own, theirs }) => text(own) !== text(theirs));
  // The two known differences, as in `compare`: file numbers that addr2line takes wrong, and labels beside functions.
  const lines = differing.filter(({ own, theirs }) => own[0].line !== theirs[0].line);
  const llvm = llvmPlaces(lines.map(({ address }) => address));
  expect(lines.filter(({ own }, index) => llvm[index].line !== own[0].line)).toEqual([]);
  const names = differing.filter(({ own, theirs }) => withoutFirstLine(own) !== withoutFirstLine(theirs));
  const isLabel = ({ address, own, theirs }: (typeof names)[number]) =>
    own.length === 1 && theirs.length === 1 && nm.explains(address, own[0].name, theirs[0].name);
  expect(names.filter((one) => !isLabel(one))).toEqual([]);
  expect(differing.length).toBeLessThan(addresses.length * 0.05);
  console.log(`${addresses.length} chains: ${lines.length} innermost lines that LLVM decides, ${names.length} labels`);
});

/** Fails unless names and lines of all addresses agree, but for the known differences, which it counts. */
function compare(addresses: readonly bigint[]): void {
  const own = ownPlaces(addresses);
  const binutils = addr2line(addresses);
  const other = addresses.map((address, index) => ({ address, own: own[index], binutils: binutils[index] }));

  const lines = other.filter(({ own, binutils }) => own.line !== binutils.line);
  // addr2line 2.40 takes file 0 for the rows of a version 5 program before its first DW_LNS_set_file; the standard says
  // file 1. LLVM must agree with us on all of these.
  const llvm = llvmPlaces(lines.map(({ address }) => address));
  const wrongLines = lines.filter(({ own }, index) => llvm[index].line !== own.line);
  expect(wrongLines).toEqual([]);
  expect(lines.length).toBeLessThan(addresses.length * 0.02);

  const names = other.filter(({ own, binutils }) => withoutClone(own.name) !== withoutClone(binutils.name));
  const wrongNames = names.filter(({ address, own, binutils }) => !nm.explains(address, own.name, binutils.name));
  expect(wrongNames).toEqual([]);
  expect(names.length).toBeLessThan(addresses.length * 0.05);
  console.log(
    `${addresses.length} addresses: ${lines.length} lines that LLVM decides, ${names.length} names of aliases or inner labels`,
  );
}

function ownPlaces(addresses: readonly bigint[]): Place[] {
  const columns = BigUint64Array.from(addresses);
  const functions = image.lookupMany(columns);
  const { file, line } = table.lookupMany(columns);
  return addresses.map((_, index) => ({
    name: functions[index] < 0 ? "-" : image.functions.name(functions[index] as FunctionIndex),
    line: line[index] === 0 ? "-" : `${table.files[file[index]]}:${line[index]}`,
  }));
}

/** addr2line's innermost line and its outermost function: the symbol's, not that of code inlined into it. */
function addr2line(addresses: readonly bigint[]): Place[] {
  return addr2lineChains(vmlinux, addresses).map((chain) => ({ name: chain.at(-1)!.name, line: chain[0].line }));
}

/** llvm-symbolizer's line, and the function that has the symbol. */
function llvmPlaces(addresses: readonly bigint[]): Place[] {
  return llvmChains(vmlinux, addresses, false).map(([place]) => place);
}
