/** Imported traces against what other programs find in the same files: grep, sort and simpletrace.py. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { importTrace } from "../../src/trace/import/importTrace";
import { openTraceFile } from "../../src/trace/reader";
import { blockCounts, executedBlocks } from "../support/decodeTrace";
import { recordLog } from "../support/recordLog";

const logBytes = 60 * 1024 * 1024;
const fixtures = path.join(import.meta.dirname, "../fixtures");

let folder: string;
let vmlinuz: string;

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "xz-utils"]);
  ({ vmlinuz } = await ensureKernel());
  folder = mkdtempSync(path.join(tmpdir(), "bootscope import "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Boots with these options until the log is large enough. Answers the log's path. */
async function logOf(name: string, options: readonly string[]): Promise<string> {
  const log = path.join(folder, name);
  await recordLog(log, vmlinuz, options, logBytes);
  return log;
}

/** Runs a text tool on the log, in the C locale. */
function tool(command: string, args: readonly string[]): string {
  const { stdout, status } = spawnSync(command, args, {
    encoding: "latin1",
    maxBuffer: 2 ** 31,
    env: { ...process.env, LC_ALL: "C" },
  });
  // grep answers 1 for no match.
  if (status !== 0 && status !== 1) throw new Error(`${command} failed`);
  return stdout;
}
const countLines = (pattern: string, log: string): number => Number(tool("grep", ["-cE", pattern, log]));

/** Executions per address, as text tools count them: the second field of these lines is the address. */
function countsByAwk(program: string, log: string): Map<string, number> {
  const lines = tool("awk", [`${program} END { for (pc in n) print pc, n[pc] }`, log])
    .trim()
    .split("\n");
  return new Map(lines.map((line) => line.split(" ") as [string, string]).map(([pc, n]) => [pc, Number(n)]));
}

async function importedCounts(log: string) {
  const output = `${log}.bst`;
  const result = await importTrace(log, output);
  const trace = await openTraceFile(output);
  const counts = new Map<string, number>();
  blockCounts(trace).forEach((count, block) => {
    if (count > 0) counts.set(trace.blocks.address[block].toString(16).padStart(16, "0"), count);
  });
  return { result, trace, counts };
}

describe("a log of -d exec,nochain", () => {
  it("has the executions that awk counts, address by address", async () => {
    const log = await logOf("exec nochain.log", ["-d", "exec,nochain"]);
    const { result, trace, counts } = await importedCounts(log);
    // A stopped block is announced on the line before, or before lines that are not of executions.
    const expected = countsByAwk(
      `/^Trace [0-9]+: .*\\]/ { split($4, f, "/"); pc = f[2]; n[pc]++ } /^Stopped / { n[pc]-- }`,
      log,
    );
    for (const [pc, n] of expected) if (n === 0) expected.delete(pc);
    expect(counts).toEqual(expected);
    expect(counts.size).toBeGreaterThan(1000);
    expect(result.executions).toBe(countLines("^Trace .*\\]", log) - countLines("^Stopped ", log));
    expect(trace.metadata.capture?.mode).toBe("complete");
  });

  it("has them in the order of the lines", async () => {
    const log = path.join(folder, "sequence.log");
    writeFileSync(log, tool("head", ["-n", "300000", path.join(folder, "exec nochain.log")]));
    const { trace } = await importedCounts(log);
    const expected = tool("awk", [
      `/^Trace / { if (pc != "") print pc; split($4, f, "/"); pc = f[2] } /^Stopped / { pc = "" } END { print pc }`,
      log,
    ]);
    const executed = executedBlocks(trace)[0].map((block) =>
      trace.blocks.address[block].toString(16).padStart(16, "0"),
    );
    expect(executed.join("\n") === expected.trim()).toBe(true);
    expect(executed.length).toBeGreaterThan(290_000);
  });

  it("is called chained when chaining was on", async () => {
    const { result, trace } = await importedCounts(await logOf("exec.log", ["-d", "exec", "-smp", "2"]));
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(result.executions).toBeGreaterThan(1000);
  });
});

describe("a log of exec_tb", () => {
  it.each([
    ["without stamps", ["-trace", "exec_tb", "-d", "nochain"], "events"],
    ["with stamps", ["-trace", "exec_tb", "-d", "nochain", "-msg", "timestamp=on"], "host"],
  ])("has the executions that awk counts, %s", async (name, options, clock) => {
    const log = await logOf(`exec_tb ${name}.log`, options);
    const { result, trace, counts } = await importedCounts(log);
    const expected = countsByAwk(
      `/exec_tb tb:.* pc=0x[0-9a-f]+$/ { sub(/.*pc=0x/, ""); while (length($0) < 16) $0 = "0" $0; n[$0]++ }`,
      log,
    );
    // The last line may be cut inside the address: then awk counts an address that never ran.
    const cut = readFileSync(log).at(-1) === 0x0a ? 0 : 1;
    expect(countLines("exec_tb tb:", log) - result.executions).toBeLessThanOrEqual(cut);
    const different = [...expected].filter(([pc, n]) => counts.get(pc) !== n);
    expect(different.length).toBeLessThanOrEqual(cut);
    expect(trace.metadata.clock?.kind).toBe(clock);
  });
});

describe("a simple trace of a whole boot", () => {
  it("has what simpletrace.py finds", async () => {
    interface Expected {
      readonly records: { readonly exec_tb: number };
      readonly distinctExecTbPcs: number;
      readonly durationUs: number;
      readonly hottestPcs: readonly (readonly [string, number])[];
    }
    const expected = JSON.parse(
      readFileSync(path.join(fixtures, "simpletrace-v4-boot.expected.json"), "utf8"),
    ) as Expected;
    const file = path.join(folder, "boot.trace");
    const { stdout } = spawnSync("xz", ["-dc", path.join(fixtures, "simpletrace-v4-boot.trace.xz")], {
      maxBuffer: 2 ** 31,
    });
    writeFileSync(file, stdout);
    const { result, trace, counts } = await importedCounts(file);
    // QEMU announced some blocks again that an interrupt had kept from running: simpletrace.py prints both.
    const withdrawn = expected.records.exec_tb - result.executions;
    expect(withdrawn).toBeGreaterThanOrEqual(0);
    expect(withdrawn).toBeLessThan(500);
    expect(trace.blocks.count).toBe(expected.distinctExecTbPcs);
    expect(Math.abs(result.endTime / 1000 - expected.durationUs)).toBeLessThan(1000);
    for (const [pc, count] of expected.hottestPcs) {
      const here = counts.get(pc.slice(2)) ?? 0;
      expect(count - here).toBeGreaterThanOrEqual(0);
      expect(count - here).toBeLessThan(withdrawn + 1);
    }
  });
});

describe("logs of two threads (-d tid)", () => {
  const smp = ["-smp", "2", "-accel", "tcg,thread=multi"];
  const perThread = async (name: string, options: readonly string[]): Promise<string[]> => {
    const logs = path.join(folder, name);
    mkdirSync(logs);
    // The firmware starts the second virtual CPU after 20 MB.
    await recordLog(path.join(logs, "log.%d"), vmlinuz, [...smp, ...options], logBytes);
    return readdirSync(logs).map((file) => path.join(logs, file));
  };

  it("have the executions that awk counts in all of them", async () => {
    const logs = await perThread("exec", ["-d", "exec,nochain,tid"]);
    expect(logs.length).toBeGreaterThanOrEqual(2);
    const { result, trace, counts } = await importedCounts(logs[1]);
    const expected = new Map<string, number>();
    for (const log of logs) {
      const program = `/^Trace [0-9]+: .*\\]/ { split($4, f, "/"); pc = f[2]; n[pc]++ } /^Stopped / { n[pc]-- }`;
      for (const [pc, n] of countsByAwk(program, log)) expected.set(pc, (expected.get(pc) ?? 0) + n);
    }
    for (const [pc, n] of expected) if (n === 0) expected.delete(pc);
    expect(counts).toEqual(expected);
    const lines = (pattern: string): number => logs.reduce((sum, log) => sum + countLines(pattern, log), 0);
    expect(result.executions).toBe(lines("^Trace .*\\]") - lines("^Stopped "));
    expect(trace.metadata).toMatchObject({ vcpus: 2, capture: { mode: "complete" } });
    expect(result.executions).toBeGreaterThan(countLines("^Trace", logs[0]));
  });

  it("are merged on their stamps", async () => {
    const logs = await perThread("exec_tb", ["-trace", "exec_tb", "-d", "nochain,tid", "-msg", "timestamp=on"]);
    const { result, trace } = await importedCounts(logs[0]);
    const lines = logs.reduce((sum, log) => sum + countLines("exec_tb tb:.* pc=0x[0-9a-f]+$", log), 0);
    // The last line of each may be cut inside the address.
    expect(Math.abs(lines - result.executions)).toBeLessThanOrEqual(logs.length);
    expect(trace.metadata).toMatchObject({ vcpus: 2, clock: { kind: "host" } });
    expect(result.stepsBack).toBe(0);
  });
});
