/**
 * The cost of inlined code in a recorded boot, against what llvm-symbolizer says of every single instruction: which function it was
 * written in, and on which line.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { attribute } from "../../src/analysis/attribution";
import { allInstructions } from "../../src/analysis/instructionAddresses";
import { tracedMachine } from "../../src/analysis/regions";
import { matchImage } from "../../src/analysis/symbolsMatch";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { inlinePool } from "../../src/engine/scanPool";
import { ScannedTrace } from "../../src/engine/scannedTrace";
import { categoryNames, type FunctionsPage, type TraceHandle } from "../../src/protocol/engine";
import { openImage } from "../../src/symbols/image";
import { openTraceFile } from "../../src/trace/reader";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";

interface Place {
  /** Of the innermost inlined function; null: the code is the function's own. */
  inlined: string | null;
  file: string;
  line: number;
}

let cacheFolder: string;
let engine: LocalEngine;
let trace: TraceHandle;
let executed: { place: Place; instructions: number }[];

beforeAll(async () => {
  await ensurePackages(["llvm"]);
  const { vmlinux } = await ensureKernel();
  const file = await ensureBootTrace({ preset: "deterministic" });
  engine = localEngine(null);
  cacheFolder = mkdtempSync(path.join(tmpdir(), "bootscope-inlined-"));
  ({ trace } = await engine.request("open", { path: file, vmlinux: [vmlinux], cacheFolder }));
  await engine.request("settled", { trace });
  executed = await executedPlaces(file, vmlinux);
});
afterAll(() => {
  engine.dispose();
  rmSync(cacheFolder, { recursive: true, force: true });
});

it("is that of the innermost function, for every function and to the instruction", async () => {
  const page = await functions(true);
  const theirs = new Map<string, number>();
  for (const { place, instructions } of executed) {
    if (place.inlined !== null) theirs.set(place.inlined, (theirs.get(place.inlined) ?? 0) + instructions);
  }
  const own = new Map<string, number>();
  page.inlinedInto.forEach((into, row) => {
    // Modules and programs have files of their own, which LLVM was not asked about.
    if (into !== null && categoryNames[page.category[row]] === "kernel")
      own.set(page.name[row], (own.get(page.name[row]) ?? 0) + page.instructions[row]);
  });
  expect(own.size).toBeGreaterThan(3000);
  expect(Object.fromEntries([...own].sort())).toEqual(Object.fromEntries([...theirs].sort()));
});

it("leaves the totals as they are", async () => {
  const [with_, without] = [await functions(true), await functions(false)];
  const sum = (column: Float64Array) => column.reduce((total, value) => total + value, 0);
  for (const column of ["executions", "instructions", "time"] as const) {
    expect(sum(with_[column])).toBe(sum(without[column]));
    expect(sum(with_[column])).toBe(with_.traceTotals[column]);
  }
});

it("says of each inlined function what it is part of, with shares that add up to its cost", async () => {
  const page = await functions(true);
  const rows = [...page.inlinedInto.keys()].filter((row) => (page.inlinedInto[row]?.count ?? 99) <= 8);
  expect(rows.length).toBeGreaterThan(3000);
  for (const row of rows) {
    const { cost, functions: hosts, count } = page.inlinedInto[row]!;
    expect(hosts.length).toBe(count);
    expect(cost.reduce((total, value) => total + value, 0)).toBe(page.instructions[row]);
  }
});

it("lands on the lines that the inlined code was written on, in each of the hottest files", async () => {
  const byFile = new Map<string, Map<number, number>>();
  for (const { place, instructions } of executed) {
    if (place.line === 0) continue;
    let lines = byFile.get(place.file);
    if (lines === undefined) byFile.set(place.file, (lines = new Map<number, number>()));
    lines.set(place.line, (lines.get(place.line) ?? 0) + instructions);
  }
  const cost = (lines: Map<number, number>) => [...lines.values()].reduce((total, value) => total + value, 0);
  const sorted = [...byFile].sort(([, a], [, b]) => cost(b) - cost(a));
  const headers = sorted.filter(([file]) => file.endsWith(".h")).slice(0, 20);
  expect(headers.length).toBe(20);
  for (const [file, theirs] of [...sorted.slice(0, 20), ...headers]) {
    const lines = await engine.request("lines", { trace, file, range: null });
    const own = Object.fromEntries(Array.from(lines?.line ?? [], (line, row) => [line, lines?.instructions[row]]));
    expect(own, file).toEqual(Object.fromEntries([...theirs].sort(([a], [b]) => a - b)));
  }
});

const functions = (inlined: boolean): Promise<FunctionsPage> =>
  engine.request("functions", {
    trace,
    range: null,
    sort: "instructions",
    descending: true,
    filter: "",
    metric: "instructions",
    offset: 0,
    limit: 1e6,
    inlined,
  });

/** Every instruction of the kernel that the boot executed, how often, and where LLVM says that it comes from. */
async function executedPlaces(file: string, vmlinux: string): Promise<typeof executed> {
  const traceFile = await openTraceFile(file);
  const scanned = new ScannedTrace(traceFile, inlinePool());
  await scanned.scan(new AbortController().signal, () => undefined);
  const image = await openImage(vmlinux);
  const { placement } = matchImage(traceFile.blocks, traceFile.metadata, image);
  const { blocks } = traceFile;
  const { first, totals } = scanned.profile;
  const input = {
    blocks,
    first,
    machine: tracedMachine(traceFile.metadata),
    image,
    placement,
    code: null,
    withoutImage: "",
  };
  const { start, addresses } = allInstructions(blocks, attribute(input).linkAddress);
  image.close();
  const places = llvmPlaces(vmlinux, addresses);
  const found: typeof executed = [];
  for (let block = 0; block < blocks.count; block++) {
    for (let at = start[block]; at < start[block + 1]; at++) {
      if (totals.executions[block] > 0) found.push({ place: places[at], instructions: totals.executions[block] });
    }
  }
  return found;
}

function llvmPlaces(vmlinux: string, addresses: BigUint64Array): Place[] {
  const distinct = [...new Set(addresses)];
  const input = distinct.map((address) => `0x${address.toString(16)}\n`).join("");
  const { stdout, status } = spawnSync("llvm-symbolizer", ["--inlines", "-e", vmlinux], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  expect(status).toBe(0);
  const chains = stdout.split("\n\n").slice(0, distinct.length);
  const byAddress = new Map<bigint, Place>();
  chains.forEach((chain, index) => {
    const rows = chain.split("\n");
    const [, file, line] = /^(.*):(\d+):\d+$/.exec(rows[1]) ?? [];
    const place = { file: path.posix.normalize(file), line: Number(line) };
    byAddress.set(distinct[index], { inlined: rows.length > 2 ? rows[0] : null, ...place });
  });
  return Array.from(addresses, (address) => byAddress.get(address)!);
}
