/** A log of two vCPUs without times: what ran in any stretch of the log's order, against the lines of that stretch. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { BlockScanner } from "../../src/analysis/blockScan";
import { importTrace } from "../../src/trace/import/importTrace";
import { openTraceFile, readChunk } from "../../src/trace/reader";
import { readQemuLog } from "../support/recordings";

/** The firmware starts the second vCPU after 20 MB of log. */
const logBytes = 28 * 1024 * 1024;

let folder: string;

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope vcpus "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The firmware's start on two vCPUs, as QEMU logs it. */
async function firmwareLog(accelerator: string): Promise<string> {
  const log = path.join(folder, `${accelerator}.log`);
  const file = openSync(log, "w");
  let written = 0;
  const args = ["-smp", "2", "-accel", accelerator, "-display", "none", "-nodefaults", "-d", "exec,nochain"];
  await readQemuLog("qemu-system-x86_64", args, (bytes) => {
    written += writeSync(file, bytes);
    return written < logBytes;
  });
  closeSync(file);
  return log;
}

/**
 * The addresses of the lines whose block ran, in order, with the vCPU before them. A stopped block is the last line with its address;
 * where lines of the other thread came between, its place in the order stays empty (null).
 */
function executedLines(log: string): ({ vcpu: string; pc: string } | null)[] {
  const executed: ({ vcpu: string; pc: string } | null)[] = [];
  for (const line of readFileSync(log, "latin1").split("\n").slice(0, -1)) {
    const trace = /^Trace (\d+): \S+ \[[0-9a-f]+\/([0-9a-f]+)\//.exec(line);
    const stopped = /^Stopped execution of TB chain before \S+ \[([0-9a-f]+)\]/.exec(line);
    if (trace !== null) executed.push({ vcpu: trace[1], pc: trace[2] });
    if (stopped === null) continue;
    const at = executed.findLastIndex((execution) => execution?.pc === stopped[1]);
    if (at === executed.length - 1) executed.pop();
    else executed[at] = null;
  }
  return executed;
}

const countsOf = (pcs: readonly string[]): [string, number][] => {
  const counts = new Map<string, number>();
  for (const pc of pcs) counts.set(pc, (counts.get(pc) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
};

describe.each(["tcg,thread=single", "tcg,thread=multi"])("two vCPUs under %s", (accelerator) => {
  it("are in the order of the log", async () => {
    const log = await firmwareLog(accelerator);
    await importTrace(log, `${log}.bst`);
    const lines = executedLines(log);
    const second = lines.findIndex((execution) => execution?.vcpu === "1");
    expect(second).toBeGreaterThan(1000);
    // Around the second vCPU's first blocks line by line, elsewhere in long stretches.
    const edges = [0, 1000, ...Array.from({ length: 400 }, (_, index) => second - 20 + index), lines.length];

    const trace = await openTraceFile(`${log}.bst`);
    expect(trace.metadata).toMatchObject({ vcpus: 2, clock: { kind: "events" } });
    const scanner = new BlockScanner();
    scanner.useBlocks({ instructions: trace.blocks.instructions, clock: "events" });
    const found = edges.slice(1).map((): [string, number][] => []);
    const file = openSync(trace.path, "r");
    for (const chunk of trace.chunks) {
      const { columns } = scanner.scan(readChunk(file, chunk), chunk, Float64Array.from(edges));
      columns.bucket.forEach((bucket, i) => {
        for (let entry = columns.start[i]; entry < columns.start[i + 1]; entry++) {
          const pc = trace.blocks.address[columns.block[entry]].toString(16).padStart(16, "0");
          found[bucket].push([pc, columns.executions[entry]]);
        }
      });
    }
    closeSync(file);
    edges.slice(1).forEach((end, index) => {
      const expected = countsOf(lines.slice(edges[index], end).flatMap((execution) => execution?.pc ?? []));
      const bothVcpus = countsOf(found[index].flatMap(([pc, count]) => Array<string>(count).fill(pc)));
      expect(bothVcpus).toEqual(expected);
    });
  });
});
