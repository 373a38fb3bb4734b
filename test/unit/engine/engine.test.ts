import { spawnSync } from "node:child_process";
import { copyFile, mkdir, open as openFile, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { localEngine, type LocalEngine } from "../../../src/engine/local";
import type { FunctionsPage, FunctionsQuery, TimeRange, TraceHandle, TraceSummary } from "../../../src/protocol/engine";
import type { FirmwareFile } from "../../../src/protocol/firmwareFile";
import { nanoseconds } from "../../../src/protocol/units";
import { buildTraceFile, temporaryFile, type TestTrace } from "../../support/buildTrace";
import { writeElf } from "../symbols/elfBuilder";

const fixtures = path.resolve(__dirname, "../../fixtures");
const image = path.join(fixtures, "symbols/dwarf5.elf");

const boot: TestTrace = {
  metadata: { target: "x86_64", capture: { mode: "complete" }, kernel: { release: "6.1.0", buildIds: ["abcd"] } },
  blocks: [
    { address: 0xffff_fff0n, instructions: 1 },
    { address: 0xf_e05bn, instructions: 3 },
    { address: 0xffff_ffff_8100_0000n, instructions: 5 },
    { address: 0x40_1000n, instructions: 2 },
  ],
  vcpus: [[0, ...Array.from({ length: 300 }, (_, index) => 1 + (index % 2)), 3, 3, 3]],
  payloadBytes: 64,
};

function startEngine(): LocalEngine {
  const engine = localEngine(null);
  onTestFinished(() => engine.dispose());
  return engine;
}

interface Opened {
  readonly trace: TraceHandle;
  readonly summary: TraceSummary;
  readonly cacheFolder: string;
}

async function open(
  engine: LocalEngine,
  file: string,
  vmlinux: readonly string[] = [],
  firmware: readonly FirmwareFile[] = [],
): Promise<Opened> {
  const cacheFolder = path.join(path.dirname(file), "cache");
  const { trace } = await engine.request("open", { path: file, vmlinux, cacheFolder, firmware });
  return { trace, summary: await engine.request("settled", { trace }), cacheFolder };
}

function functions(engine: LocalEngine, trace: TraceHandle, range: TimeRange | null = null): Promise<FunctionsPage> {
  const query: FunctionsQuery = {
    trace,
    range,
    sort: "executions",
    descending: true,
    filter: "",
    metric: "executions",
    offset: 0,
    limit: 1000,
  };
  return engine.request("functions", query);
}

describe("an open trace", () => {
  it("is summed up", async () => {
    const { summary } = await open(startEngine(), await buildTraceFile(boot));
    expect(summary).toMatchObject({
      format: "bst",
      guest: "Linux 6.1.0",
      executions: 304,
      instructions: 1 + 150 * 3 + 150 * 5 + 3 * 2,
      distinctBlocks: 4,
      complete: true,
      trust: { level: "complete", reasons: [], truncated: false, damagedBytes: 0 },
      symbols: null,
      symbolsProblem: { code: "no-symbols" },
      named: 0,
    });
    expect(summary.unnamed.reduce((sum, { executions }) => sum + executions, 0)).toBe(304);
  });

  it("is not said to be of the Linux that merely lies beside it", async () => {
    const blocks = boot.blocks.slice(0, 2);
    const file = await buildTraceFile({ metadata: { target: "x86_64" }, blocks, vcpus: [[0, 1, 1, 1]] });
    const content = Buffer.from("Linux version 5.4.3 (me) #1 SMP\n\0");
    const kernel = writeElf({
      text: { address: 0xffff_ffff_8100_0000n, size: 0x1000 },
      symbols: [{ name: "_stext", address: 0xffff_ffff_8100_0000n, size: 16 }],
      sections: [{ name: ".rodata", type: 1, flags: 2, address: 0xffff_ffff_8200_0000n, content }],
    });
    const { summary } = await open(startEngine(), file, [kernel]);
    expect(summary).toMatchObject({ guest: null, symbols: { match: { verdict: "unchecked" } } });
  });

  it("says that a file that was given for firmware names nothing", async () => {
    const file = await buildTraceFile(boot);
    const firmware = writeElf({ text: { address: 0xf_0000n, size: 0x100 }, symbols: [] });
    const given = [{ path: firmware, address: null }];
    const alone = await open(startEngine(), file, [], given);
    expect(alone.summary.firmwareProblem?.message).toContain(
      `${firmware}: firmware is named beside a kernel's vmlinux`,
    );
    const symbols = [{ name: "_stext", address: 0xffff_ffff_8100_0000n, size: 16 }];
    const kernel = writeElf({ text: { address: 0xffff_ffff_8100_0000n, size: 0x1000 }, symbols });
    const engine = startEngine();
    const { trace } = await open(engine, file, [], given);
    const beside = await engine.request("setSymbols", { trace, vmlinux: kernel, force: true });
    expect(beside.firmwareProblem?.message).toContain(`${firmware} does not name anything`);
    expect((await open(startEngine(), file)).summary.firmwareProblem).toBeNull();
  });

  it("adds up in any range", async () => {
    const engine = startEngine();
    const { trace, summary } = await open(engine, await buildTraceFile(boot));
    for (const cut of [0, 1, 7.5, 100, 155, 300, 303]) {
      const middle = nanoseconds(cut);
      const before = await functions(engine, trace, { start: nanoseconds(0), end: middle });
      const after = await functions(engine, trace, { start: middle, end: summary.duration });
      expect(before.rangeTotals.executions + after.rangeTotals.executions).toBe(304);
      const sum = after.executions.reduce((total, value) => total + value, 0);
      expect(sum).toBe(after.rangeTotals.executions);
    }
  });

  it("has phases and a timeline that hold all of it", async () => {
    const engine = startEngine();
    const { trace } = await open(engine, await buildTraceFile(boot));
    const phases = await engine.request("phases", { trace });
    expect(phases.map(({ name }) => name)).toEqual(["reset", "firmware", "kernel entry", "user space"]);
    expect(phases.reduce((sum, { executions }) => sum + executions, 0)).toBe(304);
    for (const { start, end, executions, instructions } of phases) {
      expect((await functions(engine, trace, { start, end })).rangeTotals).toMatchObject({ executions, instructions });
    }
    expect(await engine.request("phases", { trace })).toEqual(phases);
    const timeline = await engine.request("timeline", { trace, range: null, buckets: 7, metric: "executions" });
    const sum = timeline.values.reduce((total, values) => total + values.reduce((a, b) => a + b, 0), 0);
    expect(sum).toBeCloseTo(304, 6);
  });

  it("is the same when it is opened again, from the cache, and when the cache is damaged", async () => {
    const file = await buildTraceFile(boot);
    const engine = startEngine();
    const first = await open(engine, file);
    const table = await functions(engine, first.trace);
    const [cached] = await readdir(first.cacheFolder);
    expect(cached).toMatch(/^scan-/);
    const second = await open(engine, file);
    expect(await functions(engine, second.trace)).toMatchObject({
      executions: table.executions,
      first: table.first,
      time: table.time,
    });
    const entry = path.join(first.cacheFolder, cached);
    for (const length of [0, 10, (await stat(entry)).size - 1]) {
      await truncate(entry, length);
      const again = await open(engine, file);
      expect((await functions(engine, again.trace)).executions).toEqual(table.executions);
    }
  });

  it("is read without a place to keep results", async () => {
    const file = await buildTraceFile(boot);
    const blocked = path.join(path.dirname(file), "cache");
    await writeFile(blocked, "not a folder");
    expect((await open(startEngine(), file)).summary.executions).toBe(304);
  });

  it("does not take a file that was replaced for the old one", async () => {
    const file = await buildTraceFile(boot);
    const engine = startEngine();
    await open(engine, file);
    await copyFile(await buildTraceFile({ ...boot, vcpus: [[0, 1, 2]] }), file);
    expect((await open(engine, file)).summary.executions).toBe(3);
  });

  it("can be closed while it is read, and is unknown afterwards", async () => {
    const engine = startEngine();
    const file = await buildTraceFile(boot);
    const { trace } = await engine.request("open", { path: file, vmlinux: [], cacheFolder: path.dirname(file) });
    await engine.request("close", { trace });
    await expect(functions(engine, trace)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a damaged or foreign file", () => {
  it("shows what is whole, and says what is missing, wherever it is cut", async () => {
    const file = await buildTraceFile(boot);
    const whole = await readFile(file);
    const engine = startEngine();
    for (let length = 64; length < whole.length; length += Math.ceil(whole.length / 16)) {
      await writeFile(file, whole.subarray(0, length));
      const { summary, trace } = await open(engine, file);
      expect(summary.trust.truncated).toBe(true);
      expect(summary.trust.reasons.join()).toContain("ends before the recording did");
      expect(summary.executions).toBeLessThanOrEqual(304);
      const page = await functions(engine, trace);
      expect(page.executions.reduce((sum, value) => sum + value, 0)).toBe(summary.executions);
    }
  });

  it("says how much a wrong checksum costs", async () => {
    const file = await buildTraceFile({
      ...boot,
      vcpus: [Array.from({ length: 800 }, (_, i) => (i * i * 7 + (i >> 3)) % 4)],
    });
    const bytes = await readFile(file);
    bytes[Math.floor(bytes.length / 2)] ^= 0x10;
    await writeFile(file, bytes);
    const { summary } = await open(startEngine(), file);
    expect(summary.executions).toBeLessThan(800);
    expect(summary.trust.damagedBytes).toBeGreaterThan(0);
    expect(summary.trust.reasons.join()).toContain("executions are lost");
  });

  it.each([
    ["an empty file", Buffer.alloc(0), "is empty"],
    ["text without a trace", Buffer.from("hello\n".repeat(50)), "is not a trace"],
    ["a header and nothing else but zeros", Buffer.concat([Buffer.from("89425354", "hex"), Buffer.alloc(100)]), ""],
  ])("refuses %s", async (_, bytes, message) => {
    const file = await temporaryFile();
    await writeFile(file, bytes);
    const opening = startEngine().request("open", { path: file, vmlinux: [], cacheFolder: path.dirname(file) });
    await expect(opening).rejects.toMatchObject({
      code: "not-a-trace",
      message: expect.stringContaining(message) as string,
    });
  });

  it("says that a file is not there, or is a folder", async () => {
    const engine = startEngine();
    const file = await temporaryFile();
    const at = (where: string) => engine.request("open", { path: where, vmlinux: [], cacheFolder: path.dirname(file) });
    await expect(at(file)).rejects.toMatchObject({ code: "not-found" });
    await expect(at(path.dirname(file))).rejects.toMatchObject({ code: "unreadable" });
  });
});

describe("a foreign trace", () => {
  const log =
    [
      "SeaBIOS says hello",
      ...Array.from(
        { length: 20 },
        (_, i) => `Trace 0: 0x7f00 [00000000/00000000ffff${(i % 4).toString(16)}000/00000000/ff020000] `,
      ),
    ].join("\n") + "\n";

  it("opens through its import, and the second time without", async () => {
    const file = await temporaryFile("qemu.log");
    await writeFile(file, log);
    const engine = startEngine();
    const { summary, trace, cacheFolder } = await open(engine, file);
    expect(summary).toMatchObject({
      path: file,
      format: "qemu-log",
      executions: 20,
      distinctBlocks: 4,
      clock: "events",
      instructionsCounted: false,
    });
    expect((await functions(engine, trace)).rangeTotals.executions).toBe(20);
    const imported = (await readdir(cacheFolder)).filter((name) => name.startsWith("import-"));
    expect(imported).toHaveLength(1);
    const before = await stat(path.join(cacheFolder, imported[0]));
    expect((await open(engine, file)).summary.executions).toBe(20);
    expect((await stat(path.join(cacheFolder, imported[0]))).mtimeMs).toBe(before.mtimeMs);
  });

  it("shows what was imported when it is stopped", async () => {
    const pipe = await temporaryFile("qemu.log");
    spawnSync("mkfifo", [pipe]);
    const engine = startEngine();
    const cacheFolder = path.join(path.dirname(pipe), "cache");
    const { trace } = await engine.request("open", { path: pipe, vmlinux: [], cacheFolder });
    const source = await openFile(pipe, "w");
    onTestFinished(() => source.close());
    // Written when the import has read it, but for what the pipe holds.
    await source.writeFile(log.repeat(2000));
    await engine.request("stop", { trace });
    const summary = await engine.request("settled", { trace });
    expect(summary.complete).toBe(true);
    expect(summary.executions).toBeGreaterThan(20 * 1500);
    expect(summary.trust.reasons.join()).toContain("The import was stopped after");
    expect((await functions(engine, trace)).rangeTotals.executions).toBe(summary.executions);
  });

  it("is written where the caller wants it", async () => {
    const file = await temporaryFile("qemu.log");
    await writeFile(file, log);
    const output = path.join(path.dirname(file), "out é.bst");
    const summary = await startEngine().request("import", { path: file, output });
    expect(summary).toMatchObject({ path: output, format: "bst", executions: 20 });
    // Opened, it says the same: of names and reading, an import says nothing.
    const { summary: read } = await open(startEngine(), output);
    const { revision, unnamed, symbolsProblem } = read;
    expect({ ...summary, revision, unnamed, symbolsProblem }).toEqual(read);
    await expect(startEngine().request("import", { path: output, output: `${output}2` })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
});

describe("symbols", () => {
  const kernelTrace: TestTrace = {
    metadata: { target: "x86_64", capture: { mode: "complete" } },
    blocks: Array.from({ length: 20 }, (_, i) => ({
      address: 0xffff_ffff_8100_0000n + BigInt(i * 32),
      size: 16,
      instructions: 4,
      crc: i,
    })),
    vcpus: [Array.from({ length: 20 }, (_, i) => i)],
  };

  it("of another kernel are not used, unless that is wanted", async () => {
    const engine = startEngine();
    const { trace, summary } = await open(engine, await buildTraceFile(kernelTrace), [image]);
    expect(summary).toMatchObject({ symbols: null, named: 0, symbolsProblem: { code: "wrong-symbols" } });
    expect(summary.symbolsProblem?.message).toContain("0.0 % of 20 recorded kernel blocks");
    const refused = await engine.request("setSymbols", { trace, vmlinux: image, force: false });
    expect(refused.symbols).toBeNull();
    const forced = await engine.request("setSymbols", { trace, vmlinux: image, force: true });
    expect(forced.symbols?.match.verdict).toBe("overridden");
    expect(forced.revision).toBeGreaterThan(refused.revision);
    const none = await engine.request("setSymbols", { trace, vmlinux: null, force: false });
    expect(none.symbolsProblem?.code).toBe("no-symbols");
  });

  it("that cannot be read are a problem, not a failure", async () => {
    const file = await buildTraceFile(kernelTrace);
    const { summary } = await open(startEngine(), file, [path.join(path.dirname(file), "missing"), file]);
    expect(summary.symbolsProblem?.code).toBe("not-found");
    expect(summary.executions).toBe(20);
  });

  it("are not those of a relocatable object, whose place nothing says", async () => {
    const symbols = [{ name: "init", address: 0n, size: 16 }];
    const { summary } = await open(startEngine(), await buildTraceFile(kernelTrace), [writeElf({ type: 1, symbols })]);
    expect(summary).toMatchObject({ symbols: null, named: 0, symbolsProblem: { code: "unsupported" } });
    expect(summary.symbolsProblem?.message).toContain("relocatable object");
  });

  it("name addresses without a trace", async () => {
    const engine = startEngine();
    const expected = (await readFile(path.join(fixtures, "symbols/dwarf5.symbols"), "utf8")).split("\n");
    expect(expected.length).toBeGreaterThan(2);
    const addresses = BigUint64Array.of(0n);
    expect(await engine.request("symbolize", { vmlinux: image, addresses, cacheFolder: null })).toEqual([
      { function: null, offset: 0, file: null, line: 0 },
    ]);
    await expect(
      engine.request("symbolize", { vmlinux: "/nowhere", addresses, cacheFolder: null }),
    ).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("the cache", () => {
  it("throws out what was not used for longest when it is full", async () => {
    const file = await buildTraceFile(boot);
    const folder = path.join(path.dirname(file), "cache");
    await mkdir(folder);
    const old = path.join(folder, "scan-old");
    const foreign = path.join(folder, "notes.txt");
    await writeFile(old, Buffer.alloc(2_000_000));
    await writeFile(foreign, Buffer.alloc(2_000_000));
    process.env["BOOTSCOPE_CACHE_MEGABYTES"] = "1";
    onTestFinished(() => {
      delete process.env["BOOTSCOPE_CACHE_MEGABYTES"];
    });
    await open(startEngine(), file);
    const names = await readdir(folder);
    expect(names).toContain("notes.txt");
    expect(names).not.toContain("scan-old");
    expect(names.some((name) => name.startsWith("scan-"))).toBe(true);
    await rm(folder, { recursive: true });
  });
});
