/** A start from a disk: a boot sector that loads a second stage, against QEMU's own log of the run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { categoryNames } from "../../src/protocol/engine";
import { buildBundles, type Bundles } from "../support/bundles";
import { compareNamed } from "../support/compareNamed";
import { loggedCounts } from "../support/loggedCounts";
import { executionsOf, openNamed } from "../support/openNamed";
import { recordedArguments, withoutOptions } from "../support/recordings";

const qemu = "qemu-system-x86_64";
/** Where the firmware loads the boot sector, and where that loads what is behind it. */
const [sector, loader, end] = [0x7c00n, 0x7e00n, 0x8000n];
let folder: string;
let bundles: Bundles;
let engine: LocalEngine;
let vmlinux: string;
let logged: ReadonlyMap<string, number>;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "binutils"]);
  ({ vmlinux } = await ensureKernel());
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-boot-sector-"));
  engine = localEngine(path.dirname(bundles.scanWorker));
  const source = path.resolve(import.meta.dirname, "../support/guest/bootSector.S");
  const layout = ["-Wl,--build-id=none", "-Wl,-N", "-Wl,--no-warn-rwx-segments", "-Wl,-e,sector_start"];
  const flags = ["-m32", "-nostdlib", "-static", "-no-pie", ...layout, `-Wl,-Ttext=0x${sector.toString(16)}`];
  execFileSync("gcc", [...flags, "-o", file("sector.elf"), source]);
  execFileSync("objcopy", ["-O", "binary", file("sector.elf"), file("sector.bin")]);
  writeFileSync(file("disk.img"), Buffer.concat([readFileSync(file("sector.bin")), Buffer.alloc(1 << 20)]));

  const extra = ["-drive", `file=${file("disk.img")},format=raw,snapshot=on`];
  const settings = { qemu, pluginApi: 1, kernel: "", initrd: "", preset: "deterministic", extra } as const;
  const recorded = await recordedArguments(settings, file("boot.bst"), file("console.txt"));
  const args = withoutOptions(recorded, ["-kernel", "-initrd", "-append"]);
  // Recorded and logged in one run: how often the firmware looks whether the disk is ready differs from run to run.
  logged = await loggedCounts(qemu, args);
});
afterAll(async () => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  await bundles.remove();
});

const opening = () => ({ path: file("boot.bst"), vmlinux: [vmlinux], cacheFolder: file("cache") });

/** Executions that QEMU logged in a stretch of addresses. */
const loggedIn = (from: bigint, to: bigint): number =>
  [...logged].reduce((sum, [address, count]) => {
    const at = BigInt(`0x${address}`);
    return at >= from && at < to ? sum + count : sum;
  }, 0);

it("is told apart from the firmware without any file", async () => {
  const answers = await openNamed(engine, opening());
  expect(executionsOf(answers, "[boot sector]")).toBe(loggedIn(sector, loader));
  expect(executionsOf(answers, "[boot loader]")).toBe(loggedIn(loader, end));
  expect(loggedIn(loader, end)).toBeGreaterThan(3 * 200);
  const all = ["[firmware SeaBIOS]", "[option ROM]", "[system management mode]", "[boot sector]", "[boot loader]"];
  expect(all.reduce((sum, name) => sum + executionsOf(answers, name), 0)).toBe(answers.summary.executions);
});

it("has as many executions per function as QEMU logged, by nm's symbols, with its ELF file", async () => {
  const elf = file("sector.elf");
  const { summary, page } = await openNamed(engine, { ...opening(), firmware: [{ path: elf, address: null }] });
  const placed = summary.symbols?.files ?? [];
  expect(placed).toMatchObject([{ path: elf, address: sector.toString(16).padStart(16, "0") }]);
  const { functions, different } = compareNamed(elf, placed, sector, logged, page);
  expect(different).toEqual([]);
  expect(functions).toBe(4);
  const step = page.name.indexOf("loader_step [sector.elf]");
  expect(page.executions[step]).toBeGreaterThanOrEqual(200);
  expect(categoryNames[page.category[step]]).toBe("firmware");
});
