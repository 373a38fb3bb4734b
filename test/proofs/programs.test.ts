/**
 * The long proof of names in user space (`npm run prove:programs`): programs at their link address, moved, moved again, and with shared
 * libraries, against QEMU's own log of the same run. docs/symbols.md keeps the result.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { writeCpio } from "../../src/qemu/cpio";
import { readCodeParts } from "../../src/symbols/code/readCodeParts";
import { ElfFile } from "../../src/symbols/elf/elfFile";
import { buildBundles, type Bundles } from "../support/bundles";
import { compareNamed } from "../support/compareNamed";
import { loggedCounts } from "../support/loggedCounts";
import { openNamed, type NamedAnswers } from "../support/openNamed";
import { recordedArguments } from "../support/recordings";

const qemu = "qemu-system-x86_64";
/** The dynamic linker first: where programs ask for it. */
const libraries = ["/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"];
/** The first process at the end of where programs are linked, so that no two programs share an address. */
const programs = {
  init: ["init.c", "-static", "-no-pie", "-Wl,-Ttext-segment=0x800000"],
  "worker-fixed": ["worker.c", "-static", "-no-pie"],
  "worker-pie": ["worker.c", "-static-pie"],
  "worker-dynamic": ["worker.c", "-pie"],
} as const;
type Program = keyof typeof programs;

let folder: string;
let bundles: Bundles;
let engine: LocalEngine;
let logged: ReadonlyMap<string, number>;
let answers: NamedAnswers;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "binutils"]);
  const { vmlinux, vmlinuz } = await ensureKernel();
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-programs-"));
  engine = localEngine(path.dirname(bundles.scanWorker));
  for (const [name, [source, ...flags]] of Object.entries(programs)) {
    const input = path.resolve(import.meta.dirname, "../support/guest", source);
    execFileSync("gcc", ["-O2", "-g", ...flags, "-o", file(name), input]);
  }
  writeFileSync(file("initrd"), archive());
  // One run: where the kernel puts programs differs from run to run. Of the kernel there is no log.
  const filter = ["-dfilter", "0x400000+0x800000,0x550000000000+0x20000000000,0x7e0000000000+0x20000000000"];
  const initrd = file("initrd");
  const extra = ["-append", "console=ttyS0 panic=-1 quiet", ...filter];
  const settings = { qemu, pluginApi: 1, kernel: vmlinuz, initrd, preset: "deterministic", extra } as const;
  logged = await loggedCounts(qemu, await recordedArguments(settings, file("boot.bst"), file("console.txt")));
  answers = await openNamed(engine, { path: file("boot.bst"), vmlinux: [vmlinux], cacheFolder: file("cache") });
}, 1_800_000);
afterAll(async () => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  await bundles.remove();
});

function archive(): Buffer {
  const directory = (name: string) => ({ name, mode: 0o040755 });
  const code = (name: string, from: string) => ({ name, mode: 0o100755, content: readFileSync(from) });
  return writeCpio([
    ...["dev", "proc", "lib", "lib/x86_64-linux-gnu", "lib64"].map(directory),
    { name: "dev/console", mode: 0o020600, device: { major: 5, minor: 1 } },
    ...Object.keys(programs).map((name) => code(name, file(name))),
    ...libraries.map((name) => code(name.slice(1), name)),
  ]);
}

const placesOf = (name: string) => answers.summary.symbols?.files?.filter((placed) => placed.name === name) ?? [];

it.each([
  ["init", 1],
  ["worker-fixed", 1],
  ["worker-pie", 2],
  ["worker-dynamic", 1],
] as const)("names the functions of %s as often as they were logged", { timeout: 600_000 }, async (name, processes) => {
  expect(readFileSync(file("console.txt"), "latin1")).toContain("BOOT-DONE");
  const placed = placesOf(name);
  expect(placed).toHaveLength(processes);
  const { functions, different } = compareNamed(file(name), placed, await codeStart(name), logged, answers.page);
  console.log(`${name}: ${functions} functions were executed; other numbers: ${different.join(", ") || "none"}`);
  expect(functions).toBeGreaterThan(2);
  expect(different).toEqual([]);
});

it("has all that shared libraries executed", () => {
  for (const library of libraries.map((name) => path.basename(name))) {
    const placed = placesOf(library);
    expect(placed).toHaveLength(1);
    const [{ address, bytes }] = placed;
    const expected = [...logged].reduce((sum, [at, count]) => {
      const offset = BigInt(`0x${at}`) - BigInt(`0x${address}`);
      return offset >= 0n && offset < bytes ? sum + count : sum;
    }, 0);
    console.log(`${library}: ${expected} executions`);
    expect(expected).toBeGreaterThan(100);
    const { page } = answers;
    const rows = page.name.map((row, index) => (row.endsWith(`[${library}]`) ? page.executions[index] : 0));
    expect(rows.reduce((sum, executions) => sum + executions)).toBe(expected);
  }
});

/** Link address of a program's code. */
async function codeStart(name: Program): Promise<bigint> {
  const elf = await ElfFile.open(file(name));
  const [{ start }] = await readCodeParts(elf);
  await elf.close();
  return start;
}
