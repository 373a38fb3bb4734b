/**
 * Guests that are not x86: whole boots of Debian's kernels, against QEMU's own log of them, and the symbols in those kernels' images,
 * against what the guests say of their own. That for arm64 is moved by KASLR; Debian builds its kernels for riscv64 without.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ensureForeignKernel } from "../../scripts/environment/foreignKernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { matchImage } from "../../src/analysis/symbolsMatch";
import { unpackKernel } from "../../src/engine/packedKernel/unpackKernel";
import { writeCpio } from "../../src/qemu/cpio";
import { kernelTarget } from "../../src/qemu/kernelImage";
import { openImage } from "../../src/symbols/image";
import { readKallsyms } from "../../src/symbols/kallsyms/read";
import { openTraceFile } from "../../src/trace/reader";
import { compareWithExecLog } from "../support/lockstep";
import { recordedArguments, runQemu, withoutRecorder, type TestBoot } from "../support/recordings";

const compared = 2_000_000;
let folder: string;

beforeAll(async () => {
  await ensurePackages(["qemu-system-arm", "qemu-system-misc", "gcc", "libc6-dev"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-guests-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** busybox and a script that says where the guest's kernel is. */
function archive(busybox: string): Buffer {
  const folder = (name: string) => ({ name, mode: 0o040755 });
  const script = path.resolve(import.meta.dirname, "../support/guest/sayPlaces.sh");
  return writeCpio([
    ...["bin", "dev", "proc"].map(folder),
    { name: "dev/console", mode: 0o020600, device: { major: 5, minor: 1 } },
    { name: "bin/busybox", mode: 0o100755, content: readFileSync(busybox) },
    { name: "init", mode: 0o100755, content: readFileSync(script) },
  ]);
}

describe.each([
  { target: "aarch64", architecture: "arm64", console0: "ttyAMA0", isMoved: true },
  { target: "riscv64", architecture: "riscv64", console0: "ttyS0", isMoved: false },
] as const)("a recording of a guest for $target", ({ target, architecture, console0, isMoved }) => {
  let recording: {
    readonly settings: TestBoot;
    readonly trace: string;
    readonly args: string[];
    /** What the guest said. */
    readonly said: string;
  };

  beforeAll(async () => {
    const { kernel, busybox } = await ensureForeignKernel(architecture);
    const initrd = path.join(folder, `${target}.cpio`);
    writeFileSync(initrd, archive(busybox));
    const qemu = `qemu-system-${target}`;
    const extra = ["-append", `console=${console0} panic=-1`];
    const settings: TestBoot = { target, qemu, pluginApi: 1, kernel, initrd, preset: "deterministic", extra };
    const [trace, console] = [path.join(folder, `${target}.bst`), path.join(folder, `${target}.txt`)];
    const args = await recordedArguments(settings, trace, console);
    await runQemu(qemu, args, path.join(folder, `${target}.err`));
    recording = { settings, trace, args, said: readFileSync(console, "latin1") };
  });

  it("holds the whole boot, up to the power-off", async () => {
    expect(await kernelTarget(recording.settings.kernel)).toBe(target);
    expect(recording.said).toContain("BOOT-DONE");
    const { metadata, damage, blocks, chunks } = await openTraceFile(recording.trace);
    expect(metadata.target).toBe(target);
    expect(damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
    expect(blocks.count).toBeGreaterThan(10_000);
    expect(chunks.reduce((sum, chunk) => sum + chunk.executions, 0)).toBeGreaterThan(10_000_000);
  });

  it("has the executions of QEMU's own log, in the same order", async () => {
    const { settings, trace, args } = recording;
    const result = await compareWithExecLog(trace, settings.qemu, withoutRecorder(args), compared);
    expect(result.mismatch).toBeNull();
    expect(result.compared).toBe(compared);
  });

  it("is named by the kernel's own image, where the guest says that it is", async () => {
    const { said } = recording;
    const [, digest] = /^SYMBOLS ([0-9a-f]{32})/m.exec(said)!;
    const [, code, physical] = /^KERNEL ([0-9a-f]{16}) T _stext\s+([0-9a-f]+)-/m.exec(said)!;
    const { kernel } = recording.settings;
    const image = await openImage(kernel, undefined, unpackKernel);
    onTestFinished(() => image.close());
    const { blocks, metadata } = await openTraceFile(recording.trace);
    const { match, placement } = matchImage(blocks, metadata, image);
    console.log(`${target}: moved by ${placement.virtualSlide.toString(16)}. ${match.evidence}`);
    expect(match.verdict).toBe("matches");
    const linked = image.addressOf("_stext")!;
    expect(linked + placement.virtualSlide).toBe(BigInt(`0x${code}`));
    expect(linked + placement.physicalSlide).toBe(BigInt(`0x${physical}`));
    expect(placement.virtualSlide !== 0n).toBe(isMoved);

    const symbols = readKallsyms((await unpackKernel(kernel))!, () => true)!;
    expect(symbols.length).toBeGreaterThan(40_000);
    // As /proc/kallsyms lists them.
    const lines = symbols.map(({ address, kind, name }) => {
      const moved = address + placement.virtualSlide;
      return `${moved.toString(16).padStart(16, "0")} ${kind} ${name}\n`;
    });
    expect(createHash("md5").update(lines.join("")).digest("hex")).toBe(digest);
  });
});
