/**
 * The recorder against QEMU itself: the same guest without it, QEMU's own log of executed blocks, and a full disk, a kill
 * and a dead parent at bad moments. docs/recorder.md says which of these proves what.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureCli } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { ensureDebianQemu } from "../../scripts/environment/debianQemu.mjs";
import { busyboxArchive } from "../../src/qemu/initrd";
import { readLiveCounters } from "../../src/qemu/liveCounters";
import { ProcessTree } from "../../src/qemu/processTree";
import { parseRecordReport } from "../../src/qemu/recordReport";
import { readTaskLayout } from "../../src/qemu/taskLayout";
import { openImage } from "../../src/symbols/image";
import { openTraceFile } from "../../src/trace/reader";
import { Terminator, type TraceFile } from "../../src/trace/types";
import { compareFunctions } from "../support/compareFunctions";
import { compareWithExecLog } from "../support/lockstep";
import { RecordedBlocks } from "../support/recordedBlocks";
import { recordedArguments, runQemu, withoutRecorder, type TestBoot } from "../support/recordings";

let kernel: Awaited<ReturnType<typeof ensureKernel>>;
let folder: string;
let consoles: string;
let boot: TestBoot;
/** A whole deterministic boot, its console, and the arguments that made it. */
let whole: { readonly trace: string; readonly console: string; readonly args: string[] };

const file = (name: string): string => path.join(folder, name);
/** QEMU's `-serial file:` takes a name without commas. */
const consoleFile = (name: string): string => path.join(consoles, `${name}.txt`);
const executionsOf = (trace: TraceFile): number => trace.chunks.reduce((sum, chunk) => sum + chunk.executions, 0);

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "busybox-static", "binutils", "cpio"]);
  kernel = await ensureKernel();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope, recorder ü "));
  consoles = mkdtempSync(path.join(tmpdir(), "bootscope-consoles-"));
  boot = {
    qemu: "qemu-system-x86_64",
    pluginApi: 1,
    kernel: kernel.vmlinuz,
    initrd: kernel.initrd,
    preset: "deterministic",
    taskLayout: await readTaskLayout(kernel.vmlinux),
  };
  whole = await recordWhole("whole", boot);
});

afterAll(() => {
  for (const made of [folder, consoles]) rmSync(made, { recursive: true });
});

async function recordWhole(name: string, settings: TestBoot): Promise<typeof whole> {
  const [trace, console] = [file(`${name}.bst`), consoleFile(name)];
  const args = await recordedArguments(settings, trace, console);
  await runQemu(settings.qemu, args, file(`${name}.err`));
  return { trace, console, args };
}

const halves = (addresses: BigUint64Array): Uint32Array =>
  new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2);

/** How many executions two recordings share from the start. */
function sharedExecutions(one: TraceFile, other: TraceFile): number {
  const [first, second] = [new RecordedBlocks(one), new RecordedBlocks(other)];
  // Halves of the addresses: a comparison of bigints for each of hundreds of millions of executions takes minutes.
  const [here, there] = [halves(one.blocks.address), halves(other.blocks.address)];
  let shared = 0;
  for (;;) {
    const [a, b] = [first.ahead(), second.ahead()];
    const length = Math.min(a.length, b.length);
    const same = equalStart(a, here, b, there, length);
    shared += same;
    if (same < length || length === 0) break;
    first.skip(length);
    second.skip(length);
  }
  first.close();
  second.close();
  return shared;
}

/** How many of the first `length` blocks have the same address in both. */
function equalStart(a: Uint32Array, here: Uint32Array, b: Uint32Array, there: Uint32Array, length: number): number {
  for (let i = 0; i < length; i++) {
    const [mine, yours] = [2 * a[i], 2 * b[i]];
    if (here[mine] !== there[yours] || here[mine + 1] !== there[yours + 1]) return i;
  }
  return length;
}

/** Executions before the first one of a block that begins in this function's first bytes; -1: it never ran. */
function firstExecution(trace: TraceFile, start: bigint): number {
  const sought = new Set([...trace.blocks.address.keys()].filter((block) => trace.blocks.address[block] === start));
  const blocks = new RecordedBlocks(trace);
  let count = 0;
  let block = blocks.next();
  while (block >= 0 && !sought.has(block)) {
    count++;
    block = blocks.next();
  }
  blocks.close();
  return block < 0 ? -1 : count;
}

describe("a deterministic recording", () => {
  it("is of a guest that cannot tell: its console is that of a boot without the recorder", async () => {
    const console = consoleFile("untraced");
    const args = withoutRecorder(whole.args).map((text) => text.replace(whole.console, console));
    await runQemu(boot.qemu, args, file("untraced.err"));
    const text = readFileSync(console, "utf8");
    expect(text).toContain("BOOT-DONE");
    expect(readFileSync(whole.console, "utf8")).toBe(text);
  });

  it("has the same executions in a second run, up to the power-off", async () => {
    const again = await openTraceFile((await recordWhole("again", boot)).trace);
    const first = await openTraceFile(whole.trace);
    const shared = sharedExecutions(first, again);
    // The guest asks for the power-off and waits; how soon QEMU's main loop grants it depends on the host.
    const image = await openImage(kernel.vmlinux);
    const poweringOff = firstExecution(first, image.addressOf("acpi_enter_sleep_state")!);
    image.close();
    expect(poweringOff).toBeGreaterThan(100_000_000);
    expect(shared).toBeGreaterThan(poweringOff);
  });

  it("says what was recorded", async () => {
    const { metadata, damage, switches } = await openTraceFile(whole.trace);
    expect(damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
    expect(metadata.kernel?.release).toBe(kernel.release);
    const notes = execFileSync("readelf", ["-n", kernel.vmlinux], { encoding: "utf8" });
    expect(metadata.kernel?.buildIds).toContain(/Build ID: ([0-9a-f]+)/.exec(notes)?.[1]);
    expect(metadata.qemu?.commandLine).toEqual([boot.qemu, ...whole.args]);
    const tasks = new Map(Array.from({ length: switches.count }, (_, i) => [switches.pid[i], switches.comm(i)]));
    expect(tasks.get(0)).toBe("swapper/0");
    expect(tasks.get(1)).toBe("init");
    expect(tasks.get(2)).toBe("kthreadd");
    expect(tasks.has(-1)).toBe(false);
  });

  it("is in chunks that are quickly decoded", async () => {
    const executions = (await openTraceFile(whole.trace)).chunks.map((chunk) => chunk.executions);
    // A chunk ends at its first record after 2^22 executions; there is one every 4096.
    expect(Math.max(...executions)).toBeLessThan(2 ** 22 + 2 * 4096);
  });
});

describe("the order and number of executions", () => {
  it("are those of QEMU's own log, function by function", async () => {
    // The ELF kernel starts without a decompressor, so that the first blocks are already kernel functions.
    // Five million executions in, only fourteen of them have run.
    const settings = { ...boot, kernel: kernel.vmlinux };
    const { trace, args } = await recordWhole("elf", settings);
    const result = await compareWithExecLog(trace, boot.qemu, withoutRecorder(args), 9_500_000);
    expect(result.mismatch).toBeNull();
    expect(result.compared).toBe(9_500_000);
    const { functions, different } = await compareFunctions(kernel.vmlinux, result);
    expect(functions).toBeGreaterThan(50);
    expect(different).toEqual([]);
  });

  it.each([
    { release: "10.0", pluginApi: 4 },
    { release: "11.1", pluginApi: 7 },
  ] as const)("are those of the log of QEMU $release", async ({ release, pluginApi }) => {
    const qemu = await ensureDebianQemu(release);
    const { trace, console, args } = await recordWhole(release, { ...boot, qemu, pluginApi });
    expect(readFileSync(console, "utf8")).toContain("BOOT-DONE");
    expect((await openTraceFile(trace)).damage.truncated).toBe(false);
    const result = await compareWithExecLog(trace, qemu, withoutRecorder(args), 1_500_000);
    expect(result.mismatch).toBeNull();
    expect(result.compared).toBe(1_500_000);
  });
});

describe("the form that plugin arguments had in QEMU 6.0 and 6.1", () => {
  it("reaches the recorder: QEMU 7.2 still takes it", async () => {
    const trace = file("old form.bst");
    const args = await recordedArguments({ ...boot, qemuVersion: "6.1.0" }, trace, consoleFile("old form"));
    expect(args[args.indexOf("-plugin") + 1]).toMatch(/,arg=out=.*,arg=parent=\d+,arg=pid=\d+/);
    const tree = new ProcessTree(boot.qemu, args, { stdio: "ignore", env: process.env });
    while (tree.child.exitCode === null && ((await readLiveCounters(trace))?.executions ?? 0) < 1_000_000)
      await sleep(20);
    await tree.end();
    expect(executionsOf(await openTraceFile(trace))).toBeGreaterThan(1_000_000);
  });
});

describe("several vCPUs at once", () => {
  it("keep their streams apart: blocks are followed by their branch's target or by what comes behind them", async () => {
    const settings: TestBoot = { ...boot, preset: "fast", extra: ["-smp", "2"] };
    const trace = await openTraceFile((await recordWhole("smp", settings)).trace);
    expect(new Set(trace.chunks.map(({ vcpu }) => vcpu))).toEqual(new Set([0, 1]));
    const { address, size, target, terminator } = trace.blocks;
    const direct = new Set<number>([Terminator.Jump, Terminator.Conditional, Terminator.Call]);
    for (const vcpu of [0, 1]) {
      const blocks = new RecordedBlocks(trace, vcpu);
      let [checked, broken] = [0, 0];
      for (let block = blocks.next(), next = blocks.next(); next >= 0; block = next, next = blocks.next()) {
        if (!direct.has(terminator[block])) continue;
        if (checked === 5_000_000) break;
        checked++;
        const fallsThrough = address[next] === address[block] + BigInt(size[block]);
        // Low 12 bits: a block translated at one alias of its page is reused at another.
        const branches = (address[next] & 0xfffn) === (target[block] & 0xfffn);
        if (!fallsThrough && !branches) broken++;
      }
      blocks.close();
      expect(checked, `vCPU ${vcpu}`).toBeGreaterThan(1_000_000);
      // Interrupts and faults come between; streams that were mixed up would break one pair in three.
      expect(broken / checked, `vCPU ${vcpu}`).toBeLessThan(0.005);
    }
  });
});

describe("a recording that does not end well", () => {
  it("is whole up to the last instant when QEMU is killed", async () => {
    const trace = file("killed.bst");
    const args = await recordedArguments(boot, trace, consoleFile("killed"));
    const tree = new ProcessTree(boot.qemu, args, { stdio: "ignore", env: process.env });
    let seen = 0;
    while (seen < 20_000_000) {
      await sleep(20);
      seen = (await readLiveCounters(trace))?.executions ?? 0;
    }
    tree.child.kill("SIGKILL");
    expect((await tree.exited).signal).toBe("SIGKILL");
    const killed = await openTraceFile(trace);
    expect(killed.damage.truncated).toBe(true);
    expect(killed.damage.skippedBytes).toBe(0);
    const complete = await openTraceFile(whole.trace);
    const shared = sharedExecutions(killed, complete);
    // The counter is behind by up to 512 records; what was in the last record is lost, at most 4096 executions.
    expect(shared).toBeGreaterThan(seen - 4096);
    const blocks = new RecordedBlocks(killed);
    let decoded = 0;
    while (blocks.next() >= 0) decoded++;
    blocks.close();
    expect(decoded).toBe(shared);
  });

  it("ends in good order when the program that started QEMU dies", async () => {
    const [trace, report] = [file("orphan.bst"), file("orphan.json")];
    const args = ["--kernel", kernel.vmlinuz, "--initrd", kernel.initrd, "-o", trace, "--report", report];
    const cli = spawn(process.execPath, [await ensureCli(), "record", ...args], { stdio: "ignore" });
    while (((await readLiveCounters(trace))?.executions ?? 0) === 0) await sleep(20);
    expect(parseRecordReport(readFileSync(report, "utf8"))).toMatchObject({ state: "recording", trace, pid: cli.pid });
    const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(cli.pid)], { encoding: "utf8" }).trim();
    expect(children).toMatch(/^\d+$/);
    cli.kill("SIGKILL");
    let finished = false;
    for (let i = 0; i < 250 && !finished; i++) {
      await sleep(20);
      finished = (await readLiveCounters(trace))?.finished === true;
    }
    expect(finished).toBe(true);
    expect(
      spawnSync("ps", ["-o", "stat=", "-p", children], { encoding: "utf8" }).stdout.replace(/^Z.*/, "").trim(),
    ).toBe("");
  });

  // Only root may mount a disk that is small enough to fill.
  it.skipIf(process.getuid?.() !== 0)("keeps what fits on a full disk, and the guest runs on", async () => {
    const disk = file("disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=9m", "tmpfs", disk]);
    try {
      const output = path.join(disk, "full.bst");
      const console = consoleFile("full");
      await runQemu(boot.qemu, await recordedArguments(boot, output, console), file("full.err"));
      expect(readFileSync(console, "utf8")).toContain("Power down");
      expect(readFileSync(file("full.err"), "utf8")).toContain("recording stopped: No space left on device");
      const full = await openTraceFile(output);
      expect(full.damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
      expect(full.metadata.capture?.mode).toBe("incomplete");
      expect(full.metadata.capture?.reasons?.[0]).toMatch(/disk was full/);
      const shared = sharedExecutions(full, await openTraceFile(whole.trace));
      expect(shared).toBeGreaterThan(1_000_000);
      expect(shared).toBe(executionsOf(full));
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});

describe("what is given to the guest", () => {
  it("is an initial RAM disk that cpio can read", () => {
    const archive = busyboxArchive(Buffer.from("busybox"));
    const list = execFileSync("cpio", ["-t", "--quiet"], { input: archive, encoding: "utf8" });
    expect(list.trim().split("\n").sort()).toEqual(["bin", "bin/busybox", "dev", "dev/console", "init", "proc", "sys"]);
    const init = execFileSync("cpio", ["-i", "--quiet", "--to-stdout", "init"], { input: archive, encoding: "utf8" });
    expect(init).toMatch(/BOOT-DONE[\s\S]*poweroff -f/);
  });
});
