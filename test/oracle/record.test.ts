/** `record()` with a real QEMU: how it ends, and what it refuses. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { readLiveCounters } from "../../src/qemu/liveCounters";
import { record, type RecordOptions } from "../../src/qemu/record";
import { findRecorderSources } from "../../src/qemu/recorderBuild";
import { openTraceFile } from "../../src/trace/reader";

let folder: string;
let options: RecordOptions;

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "busybox-static", "procps"]);
  const kernel = await ensureKernel();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope record, ü "));
  options = {
    kernel: kernel.vmlinuz,
    preset: "fast",
    memory: "256M",
    output: path.join(folder, "boot.bst"),
    overwrite: true,
    extraArguments: [],
    recorderSources: findRecorderSources(__dirname),
    consoleInput: "ignore",
    consoleOutput: "ignore",
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Processes that were started by this one and run a QEMU. */
const running = (): string =>
  execFileSync("sh", ["-c", 'ps -o comm= --ppid "$1" | grep qemu || true', "sh", String(process.pid)], {
    encoding: "utf8",
  });

describe("record", () => {
  it("can be cancelled half-way: the trace is whole so far, and no process is left", async () => {
    const cancel = new AbortController();
    const seen: number[] = [];
    const recording = record(options, {}, cancel.signal);
    const watch = setInterval(() => {
      void readLiveCounters(options.output).then((counters) => {
        if (counters !== undefined) seen.push(counters.executions);
        if ((counters?.executions ?? 0) > 5_000_000) cancel.abort();
      });
    }, 100);
    const result = await recording.finally(() => clearInterval(watch));
    expect(result.reason).toBe("cancelled");
    expect(running()).toBe("");
    const trace = await openTraceFile(result.path);
    expect(trace.damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
    expect(trace.chunks.reduce((sum, chunk) => sum + chunk.executions, 0)).toBe(result.executions);
    expect(result.executions).toBeGreaterThan(5_000_000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("ends at its timeout with a trace, even of a guest that would go on", async () => {
    const output = path.join(folder, "timeout.bst");
    const result = await record({ ...options, output, timeoutMs: 2000 });
    expect(result.reason).toBe("timeout");
    expect((await openTraceFile(output)).damage.truncated).toBe(false);
    expect(running()).toBe("");
  });

  it("fails in QEMU's own words, and leaves no file", async () => {
    const output = path.join(folder, "failed.bst");
    const failing = record({ ...options, output, extraArguments: ["-no-such-option"] });
    await expect(failing).rejects.toMatchObject({
      code: "qemu-failed",
      message: expect.stringContaining("-no-such-option: invalid option") as string,
    });
    expect(existsSync(output)).toBe(false);
  });

  it("does not replace a trace unless told to", async () => {
    const output = path.join(folder, "precious.bst");
    writeFileSync(output, "precious");
    await expect(record({ ...options, output, overwrite: false })).rejects.toMatchObject({
      code: "unwritable",
      message: `${output} exists already.`,
    });
    expect(readFileSync(output, "utf8")).toBe("precious");
  });

  it("refuses a folder that is not there, and an initial RAM disk that is not", async () => {
    const missing = path.join(folder, "nowhere", "boot.bst");
    await expect(record({ ...options, output: missing })).rejects.toMatchObject({ code: "unwritable" });
    const initrd = path.join(folder, "no initrd");
    await expect(record({ ...options, initrd })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining(initrd) as string,
    });
  });
});
