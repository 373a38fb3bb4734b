/** The recorder with guests that are not x86: whole boots of Debian's kernels, against QEMU's own log of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureForeignKernel } from "../../scripts/environment/foreignKernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { busyboxArchive } from "../../src/qemu/initrd";
import { kernelTarget } from "../../src/qemu/kernelImage";
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

describe.each([
  { target: "aarch64", architecture: "arm64" },
  { target: "riscv64", architecture: "riscv64" },
] as const)("a recording of a guest for $target", ({ target, architecture }) => {
  let recording: {
    readonly settings: TestBoot;
    readonly trace: string;
    readonly args: string[];
    readonly console: string;
  };

  beforeAll(async () => {
    const { kernel, busybox } = await ensureForeignKernel(architecture);
    const initrd = path.join(folder, `${target}.cpio`);
    writeFileSync(initrd, busyboxArchive(readFileSync(busybox)));
    const qemu = `qemu-system-${target}`;
    const settings: TestBoot = { target, qemu, pluginApi: 1, kernel, initrd, preset: "deterministic" };
    const [trace, console] = [path.join(folder, `${target}.bst`), path.join(folder, `${target}.txt`)];
    const args = await recordedArguments(settings, trace, console);
    await runQemu(qemu, args, path.join(folder, `${target}.err`));
    recording = { settings, trace, args, console };
  });

  it("holds the whole boot, up to the power-off", async () => {
    expect(await kernelTarget(recording.settings.kernel)).toBe(target);
    expect(readFileSync(recording.console, "utf8")).toContain("BOOT-DONE");
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
});
