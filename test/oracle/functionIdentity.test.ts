/** Which symbols of the real kernel name code, and what is one function, against readelf's listing of the whole table. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { openImage } from "../../src/symbols/image";
import type { FunctionIndex, ImageSymbols } from "../../src/symbols/types";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { runTool } from "../support/symbolizers";

interface ListedSymbol {
  readonly address: bigint;
  readonly size: number;
  readonly type: string;
  /** Number of the section, or ABS, UND. */
  readonly section: string;
  readonly name: string;
  /** Number of the FILE symbol before it. */
  readonly unit: number;
  readonly isLocal: boolean;
}

let image: ImageSymbols;
let symbols: ListedSymbol[];
let codeSections: Map<string, string>;

beforeAll(async () => {
  await ensurePackages(["binutils"]);
  const { vmlinux } = await ensureKernel();
  image = await openImage(vmlinux);
  symbols = listSymbols(runTool("readelf", ["-sW", vmlinux]));
  const sections = runTool("readelf", ["-SW", vmlinux]).matchAll(
    /^ *\[ *(\d+)\] (\S+) .* ([WAXMSILOGTCxoEDlp]+) +\d+ +\d+ +\d+$/gm,
  );
  codeSections = new Map(
    [...sections].filter(([, , , flags]) => flags.includes("X")).map(([, at, name]) => [at, name]),
  );
});
afterAll(() => image.close());

function listSymbols(listing: string): ListedSymbol[] {
  let unit = 0;
  return [...listing.matchAll(/^ *\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\S+) +(\S+) +\S+ +(\S+) (\S+)$/gm)].map(
    ([, address, size, type, binding, section, name]) => {
      if (type === "FILE") unit++;
      return {
        address: BigInt(`0x${address}`),
        size: Number(size),
        type,
        section,
        name,
        unit,
        isLocal: binding === "LOCAL",
      };
    },
  );
}

const isCode = ({ section }: ListedSymbol) => codeSections.has(section);
const functionsOfCode = () =>
  symbols.filter((symbol) => /FUNC|NOTYPE/.test(symbol.type) && symbol.size > 0 && isCode(symbol));
const indicesAt = (of: readonly Pick<ListedSymbol, "address">[]) =>
  image.lookupMany(BigUint64Array.from(of, ({ address }) => address));
const nameOf = (index: number) => (index < 0 ? null : image.functions.name(index as FunctionIndex));

it("names every function of the table by a symbol at its own address: thunks and assembly too", () => {
  const functions = functionsOfCode();
  expect(functions.length).toBeGreaterThan(40_000);
  const namesAt = new Map<bigint, string[]>();
  for (const { address, name } of symbols) namesAt.set(address, [...(namesAt.get(address) ?? []), name]);
  const wrong = [...indicesAt(functions)].flatMap((index, i) => {
    const { address, name } = functions[i];
    const isRight =
      index >= 0 && image.functions.address[index] === address && namesAt.get(address)!.includes(nameOf(index)!);
    return isRight ? [] : [name];
  });
  expect(wrong).toEqual([]);
  const thunksAndAssembly = [
    "__x86_return_thunk",
    "srso_alias_safe_ret",
    "clear_page_erms",
    "memset_erms",
    "entry_SYSCALL_64",
  ];
  const some = thunksAndAssembly.map((wanted) => functions.find(({ name }) => name === wanted)!);
  expect([...indicesAt(some)].map(nameOf)).toEqual(thunksAndAssembly);
});

it("never names code by an absolute or per-CPU symbol, or by data", () => {
  const { count, address } = image.functions;
  const ofCode = new Set(symbols.filter(isCode).map((symbol) => `${symbol.address} ${symbol.name}`));
  const named = Array.from({ length: count }, (_, index) => `${address[index]} ${nameOf(index)}`);
  expect(named.filter((one) => !ofCode.has(one))).toEqual([]);
  const perCpu = symbols.filter((symbol) => /^(?:current_task|cpu_info|runqueues|__per_cpu_start)$/.test(symbol.name));
  expect(perCpu).toHaveLength(4);
  expect([...indicesAt(perCpu)]).toEqual([-1, -1, -1, -1]);
});

it("takes labels without a size inside of a function for places in it", () => {
  const functions = functionsOfCode().sort((a, b) => (a.address < b.address ? -1 : Number(a.address > b.address)));
  const starts = new Set(functions.map(({ address }) => address));
  const labels = symbols.filter(
    (one) => one.type === "NOTYPE" && one.size === 0 && isCode(one) && !starts.has(one.address),
  );
  const inner: ListedSymbol[] = [];
  let [next, end] = [0, 0n];
  for (const label of labels.sort((a, b) => (a.address < b.address ? -1 : 1))) {
    for (; next < functions.length && functions[next].address < label.address; next++) {
      const ownEnd = functions[next].address + BigInt(functions[next].size);
      if (ownEnd > end) end = ownEnd;
    }
    if (label.address < end) inner.push(label);
  }
  expect(inner.length).toBeGreaterThan(10);
  const own = new Set(inner.map(({ address }) => address));
  const named = [...indicesAt(inner)].filter((index) => index < 0 || own.has(image.functions.address[index]));
  expect(named.map(nameOf)).toEqual([]);
});

it("counts each copy and part for a function of its own file, called as in the source", () => {
  // Where functions have equal code they may share it: then the address has the name of one of them.
  const copies = functionsOfCode().filter(
    ({ name, address }) => /\.(?:isra|constprop|part)\.\d+/.test(name) && nameOf(indicesAt([{ address }])[0]) === name,
  );
  expect(copies.length).toBeGreaterThan(1000);
  const stemOf = (name: string) => name.replace(/(?:\.(?:cold|(?:isra|constprop|part)\.\d+))+$/, "");
  const unitsAt = new Map<bigint, ListedSymbol[]>();
  for (const symbol of symbols) unitsAt.set(symbol.address, [...(unitsAt.get(symbol.address) ?? []), symbol]);
  const parents = [...indicesAt(copies)].map((index) => image.functions.parent[index] as FunctionIndex);
  const wrong = copies.filter(({ name, unit }, i) => {
    const whole = unitsAt.get(image.functions.address[parents[i]])!;
    const isOfUnit = whole.some((one) => stemOf(one.name) === stemOf(name) && (!one.isLocal || one.unit === unit));
    return !isOfUnit || image.functions.sourceName(parents[i]) !== stemOf(name);
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
  // Static functions of one name that were copied in several files are as many functions.
  const files = (of: string) => new Set(copies.filter(({ name }) => stemOf(name) === of).map(({ unit }) => unit)).size;
  const rows = (of: string) => new Set(parents.filter((_, i) => stemOf(copies[i].name) === of)).size;
  const common = [...new Set(copies.map(({ name }) => stemOf(name)))].filter((name) => files(name) > 1);
  expect(common.length).toBeGreaterThan(5);
  expect(common.map(rows)).toEqual(common.map(files));
});
