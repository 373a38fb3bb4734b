/** Code that runs where a kernel's decompressor does, named by an ELF file that is given, against QEMU's own log of the run. */
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { categoryNames } from "../../src/protocol/engine";
import type { FirmwareFile } from "../../src/protocol/firmwareFile";
import { buildBundles, type Bundles } from "../support/bundles";
import { compareNamed } from "../support/compareNamed";
import { compareWithExecLog, type Lockstep } from "../support/lockstep";
import { openNamed, type NamedAnswers } from "../support/openNamed";
import { recordedArguments, runQemu, withoutRecorder, type TestBoot } from "../support/recordings";

const qemu = "qemu-system-x86_64";
let folder: string;
let bundles: Bundles;
let engine: LocalEngine;
let vmlinux: string;
let trace: string;
let log: Lockstep;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev"]);
  ({ vmlinux } = await ensureKernel());
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-boot-code-"));
  engine = localEngine(path.dirname(bundles.scanWorker));
  build("boot.elf", []);
  build("other.elf", ["-Os"]);
  execFileSync("strip", ["-o", file("loaded.elf"), file("boot.elf")]);
  writeFileSync(file("initrd"), "");
  const [preset, initrd] = ["deterministic", file("initrd")] as const;
  const settings: TestBoot = { qemu, pluginApi: 1, kernel: file("loaded.elf"), initrd, preset };
  trace = file("boot.bst");
  const args = await recordedArguments(settings, trace, file("console.txt"));
  await runQemu(qemu, args, file("errors.txt"));
  log = await compareWithExecLog(trace, qemu, withoutRecorder(args), Infinity);
});
afterAll(async () => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  await bundles.remove();
});

function build(name: string, flags: readonly string[]): void {
  const source = path.resolve(import.meta.dirname, "../support/guest/bootCode.c");
  const freestanding = [
    "-m32",
    "-O2",
    "-g",
    "-ffreestanding",
    "-fno-pic",
    "-fcf-protection=none",
    "-fno-stack-protector",
  ];
  const layout = [
    "-nostdlib",
    "-static",
    "-Wl,--build-id=none",
    "-Wl,-e,boot_start",
    "-Wl,-z,noseparate-code",
    "-Wl,-Ttext-segment=0x100000",
  ];
  execFileSync("gcc", [...freestanding, ...flags, ...layout, "-no-pie", "-o", file(name), source]);
}

const named = (firmware: readonly FirmwareFile[]): Promise<NamedAnswers> =>
  openNamed(engine, { path: trace, vmlinux: [vmlinux], cacheFolder: file("cache"), firmware });

describe("boot code with an ELF file", () => {
  it("has as many executions per function as QEMU logged, by nm's symbols", async () => {
    expect(log.mismatch).toBeNull();
    const { summary, page } = await named([{ path: file("boot.elf"), address: null }]);
    const placed = summary.symbols?.files ?? [];
    expect(placed).toMatchObject([{ name: "boot.elf", path: file("boot.elf") }]);
    const { functions, different } = compareNamed(
      file("boot.elf"),
      placed,
      BigInt(`0x${placed[0].address}`),
      log.logged,
      page,
    );
    expect(different).toEqual([]);
    expect(functions).toBe(5);
    const mix = page.name.indexOf("boot_mix [boot.elf]");
    // 300 rounds of 16, 17 and 18 words.
    expect(page.executions[mix]).toBe(300 * 17);
    expect(page.file[mix]).toMatch(/bootCode\.c$/);
    expect(page.line[mix]).toBeGreaterThan(0);
    expect(categoryNames[page.category[mix]]).toBe("firmware");
  });

  it("is refused when it has other bytes, also where somebody says that it was loaded there", async () => {
    const without = await named([]);
    expect(without.page.name.some((name) => name.startsWith("boot_"))).toBe(false);
    for (const address of [null, 0x5000n]) {
      const { summary, page } = await named([{ path: file("other.elf"), address }]);
      expect(summary.symbols?.files).toEqual([]);
      expect(page.name).toEqual(without.page.name);
    }
  });

  it("is said to be missing by the command line", async () => {
    const args = ["info", trace, "--vmlinux", vmlinux, "--symbols"];
    const run = (symbols: string) =>
      promisify(execFile)(process.execPath, [bundles.cli, ...args, symbols], {
        env: { ...process.env, XDG_CACHE_HOME: file("cli-cache") },
      });
    expect((await run(file("boot.elf"))).stdout).toContain(" boot.elf (");
    await expect(run(`${file("other.elf")}@0x5000`)).rejects.toMatchObject({
      stderr: expect.stringContaining("other.elf does not name anything") as string,
    });
    copyFileSync(file("boot.elf"), file("a@b.elf"));
    expect((await run(file("a@b.elf"))).stdout).toContain(" a@b.elf (");
  });
});
