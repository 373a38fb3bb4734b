/** Logs of QEMU's threads (`-d exec,tid -D log.%d`): which of them are one trace, and what it then holds. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockScanner } from "../../../src/analysis/blockScan";
import { readEvents } from "../../../src/trace/events/eventChunks";
import { importTrace } from "../../../src/trace/import/importTrace";
import { findThreadLogs } from "../../../src/trace/import/threadLogs";
import { openTraceFile, readChunk } from "../../../src/trace/reader";
import type { TraceFile } from "../../../src/trace/types";
import { temporaryFile } from "../../support/buildTrace";
import { executedBlocks } from "../../support/decodeTrace";

/** A line as QEMU 7.2 writes it, of a block at an address. */
const traceLine = (vcpu: number, address: number): string =>
  `Trace ${vcpu}: 0x7f43e4000100 [0000000000000000/${address.toString(16).padStart(16, "0")}/00000040/ff080200] \n`;
const traceLines = (vcpu: number, ...addresses: number[]): string =>
  addresses.map((address) => traceLine(vcpu, address)).join("");
const entered = (thread: number, second: number, address: number): string =>
  `${thread}@${1_700_000_000 + second}.000000:exec_tb tb:0x7f3524000040 pc=0x${address.toString(16)}\n`;

/** Writes files into a new folder; answers the path of one by its name. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const folder = `${await temporaryFile()}.logs`;
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text, "latin1");
  return (name) => path.join(folder, name);
}

const joinedNames = async (file: string): Promise<string[]> =>
  ((await findThreadLogs(file))?.joined ?? []).map((log) => path.basename(log.path));

async function imported(file: string) {
  const output = await temporaryFile();
  const result = await importTrace(file, output);
  const trace = await openTraceFile(output);
  const executed = executedBlocks(trace).map((blocks) => blocks.map((block) => Number(trace.blocks.address[block])));
  return { result, trace, executed, reasons: trace.metadata.capture?.reasons ?? [] };
}

/** Addresses that were executed before a time of the trace. */
function executedBefore({ path: file, blocks, chunks }: TraceFile, time: number): number[] {
  const scanner = new BlockScanner();
  scanner.useBlocks({ instructions: blocks.instructions, clock: "host" });
  const handle = openSync(file, "r");
  try {
    return chunks.flatMap((chunk) => {
      const { columns } = scanner.scan(readChunk(handle, chunk), chunk, Float64Array.of(0, time));
      return Array.from(columns.block, (block) => Number(blocks.address[block]));
    });
  } finally {
    closeSync(handle);
  }
}

describe("logs of one virtual CPU each", () => {
  it("are one trace, whichever is opened", async () => {
    const at = await folderOf({
      "x.10": traceLines(0, 1, 2, 3),
      "x.11": traceLines(1, 4, 5),
      "x.9": "virtio: hello\n",
    });
    for (const name of ["x.10", "x.11"]) {
      const { result, executed, reasons } = await imported(at(name));
      expect(result).toMatchObject({ executions: 5, vcpus: 2, stamped: false, trust: { mode: "complete" } });
      expect(executed).toEqual([
        [1, 2, 3],
        [4, 5],
      ]);
      expect(reasons).toEqual([
        "These 2 logs of QEMU's threads are one trace: x.10, x.11.",
        expect.stringContaining("which of them ran when is unknown"),
      ]);
    }
  });

  it("of an earlier run in the same folder stay out", async () => {
    const run = { "x.10": traceLines(0, 1), "x.11": traceLines(1, 2) };
    const later = { "x.20": traceLines(0, 3), "x.21": traceLines(1, 4), "x.22": traceLines(2, 5) };
    const at = await folderOf({ ...run, ...later });
    expect(await joinedNames(at("x.10"))).toEqual(["x.10", "x.11"]);
    expect(await joinedNames(at("x.11"))).toEqual(["x.10", "x.11"]);
    for (const name of Object.keys(later)) expect(await joinedNames(at(name))).toEqual(Object.keys(later));
  });

  it("that are whole runs, numbered by process, stay apart", async () => {
    const both = traceLines(0, 1) + traceLines(1, 2);
    const at = await folderOf({
      "q1.log": both,
      "q2.log": traceLines(0, 1),
      "q3.log": traceLines(0, 2),
      "q4.log": both,
    });
    for (const name of ["q1.log", "q2.log", "q3.log", "q4.log"]) expect(await findThreadLogs(at(name))).toBeNull();
    expect((await imported(at("q2.log"))).reasons).toEqual([]);
  });

  it("are found among named pipes, which nobody writes to", async () => {
    const at = await folderOf({ "log.101": traceLines(0, 0x10), "log.102": traceLines(1, 0x20) });
    expect(spawnSync("mkfifo", [at("log.103")]).status).toBe(0);
    expect(await joinedNames(at("log.101"))).toEqual(["log.101", "log.102"]);
  });

  it("are told of when a thread may have taken the place of another", async () => {
    const at = await folderOf({ "u.1": traceLines(0, 1), "u.2": traceLines(1, 2), "u.3": traceLines(1, 3) });
    const { executed, reasons } = await imported(at("u.1"));
    expect(executed).toEqual([[1], [2]]);
    expect(reasons.at(-1)).toContain("Nothing tells whether u.3 beside it is");
  });

  it("may have other numbers in their names", async () => {
    const at = await folderOf({
      "run-7.10.2026": traceLines(0, 1),
      "run-7.11.2026": traceLines(1, 2),
      "run-8.11.2026": traceLines(1, 2),
    });
    expect(await joinedNames(at("run-7.10.2026"))).toEqual(["run-7.10.2026", "run-7.11.2026"]);
  });

  it("are read up to their last whole lines", async () => {
    const at = await folderOf({ "x.1": traceLines(0, 1) + "Trace 0: 0x7f4", "x.2": traceLines(1, 2) });
    const { executed, result, reasons } = await imported(at("x.2"));
    expect(executed).toEqual([[1], [2]]);
    expect(result.trust.mode).toBe("complete");
    expect(reasons.at(-1)).toMatch(/^x\.1 ends in the middle of a line/);
  });
});

describe("logs with stamps that name the thread", () => {
  it("are one trace on one clock", async () => {
    const at = await folderOf({
      "t.52": entered(52, 5, 0xb) + entered(52, 9, 0xb),
      "t.51": entered(51, 3, 0xa) + entered(51, 8, 0xa) + entered(51, 10, 0xc),
    });
    const { result, executed, trace } = await imported(at("t.52"));
    expect(result).toMatchObject({ executions: 5, vcpus: 2, stamped: true, stepsBack: 0, endTime: 7e9 });
    expect(executed).toEqual([
      [0xa, 0xa, 0xc],
      [0xb, 0xb],
    ]);
    expect(executedBefore(trace, 1.9e9)).toEqual([0xa]);
    expect(executedBefore(trace, 2.1e9)).toEqual([0xa, 0xb]);
  });

  it("stay apart when their times do not overlap", async () => {
    const at = await folderOf({ "t.51": entered(51, 3, 1) + entered(51, 4, 1), "t.61": entered(61, 8, 2) });
    expect(await findThreadLogs(at("t.51"))).toBeNull();
  });

  it("stay apart when their names are not of those threads", async () => {
    const at = await folderOf({ "t.1": entered(51, 3, 1), "t.2": entered(52, 3, 1) });
    expect(await findThreadLogs(at("t.1"))).toBeNull();
  });

  it("bring the events of the main thread along", async () => {
    const main = "50@1700000004.000000:virtio_queue_notify vdev 0x1 n 0 vq 0x2\n";
    const at = await folderOf({ "t.50": main, "t.51": entered(51, 3, 1) + entered(51, 8, 2) });
    const { result } = await imported(at("t.50"));
    expect(result).toMatchObject({ executions: 2, events: 1 });
    let records = 0;
    const problems = await readEvents(at("t.51"), {}, (decoder) => {
      while (decoder.next()) records++;
    });
    expect(records).toBe(3);
    expect(problems).toEqual([expect.stringContaining("t.51, t.50")]);
  });
});

it("logs of which nothing tells the thread are named, and not joined", async () => {
  const plain = "exec_tb tb:0x7f3524000040 pc=0xfff0\n";
  const at = await folderOf({ "e.1": plain, "e.2": plain, "e.3": "nothing of QEMU's\n" });
  const { result, reasons } = await imported(at("e.1"));
  expect(result.executions).toBe(1);
  expect(reasons.at(-1)).toContain("Nothing tells whether e.2 beside it is of other threads");
});

it("a log split by threads has what the whole has", async () => {
  const line = fc.tuple(fc.nat(5), fc.nat(40));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 2, maxLength: 60 }), async (lines) => {
      const vcpus = [...new Set(lines.map(([vcpu]) => vcpu))].sort((a, b) => a - b);
      const split = vcpus.map((one) => [
        `x.${100 + one}`,
        lines.map(([vcpu, address]) => (vcpu === one ? traceLine(vcpu, address) : "")).join(""),
      ]);
      const at = await folderOf(Object.fromEntries(split) as Record<string, string>);
      const opened = vcpus[lines.length % vcpus.length];
      const { result, executed } = await imported(at(`x.${100 + opened}`));
      expect(result.executions).toBe(lines.length);
      vcpus.forEach((one) => {
        expect(executed[one]).toEqual(lines.filter(([vcpu]) => vcpu === one).map(([, address]) => address));
      });
    }),
    { numRuns: 40 },
  );
});

it("any bytes beside a log change nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const at = await folderOf({ "x.1": traceLines(0, 1, 2), "x.2": Buffer.from(bytes).toString("latin1") });
      expect((await imported(at("x.1"))).executed[0]).toEqual([1, 2]);
    }),
    { numRuns: 40 },
  );
});
