/** QEMU's own plugins in the same run as the recorder: what they counted, what Bootscope reads of it, and what it recorded. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { readLiveCounters } from "../../src/qemu/liveCounters";
import { ProcessTree } from "../../src/qemu/processTree";
import { BlockFlag } from "../../src/trace/blocks";
import { importTrace } from "../../src/trace/import/importTrace";
import { openTraceFile } from "../../src/trace/reader";
import type { TraceFile } from "../../src/trace/types";
import { buildContribPlugin } from "../support/contribPlugin";
import { RecordedBlocks } from "../support/recordedBlocks";
import { recordedArguments } from "../support/recordings";

const qemu = "qemu-system-x86_64";
/** Firmware, and a good part of the decompressor. */
const executions = 3_000_000;
let folder: string;
let recorded: TraceFile;
let counts: Float64Array;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev"]);
  const { vmlinuz, initrd } = await ensureKernel();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-plugins-"));
  const [hotblocks, drcov] = [await buildContribPlugin("hotblocks", folder), await buildContribPlugin("drcov", folder)];
  const settings = { qemu, pluginApi: 1, kernel: vmlinuz, initrd, preset: "deterministic" } as const;
  const plugins = ["-plugin", hotblocks, "-plugin", `${drcov},filename=${file("boot.drcov")}`, "-d", "plugin"];
  const args = await recordedArguments({ ...settings, extra: plugins }, file("boot.bst"), file("console.txt"));
  const tree = new ProcessTree(qemu, [...args, "-D", file("hotblocks.log")], { stdio: "ignore", env: process.env });
  while (((await readLiveCounters(file("boot.bst")))?.executions ?? 0) < executions) await sleep(20);
  await tree.end();
  recorded = await openTraceFile(file("boot.bst"));
  counts = executionsByBlock(recorded);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function executionsByBlock(trace: TraceFile): Float64Array {
  const found = new Float64Array(trace.blocks.count);
  const blocks = new RecordedBlocks(trace);
  for (let block = blocks.next(); block >= 0; block = blocks.next()) found[block]++;
  blocks.close();
  return found;
}

/** Executions by what QEMU 7.2 takes for one block: those whose address and number of instructions have the same exclusive or. */
function byKey({ blocks }: TraceFile): Map<bigint, number> {
  const sums = new Map<bigint, number>();
  for (let block = 0; block < blocks.count; block++) {
    const key = blocks.address[block] ^ BigInt(blocks.instructions[block]);
    sums.set(key, (sums.get(key) ?? 0) + counts[block]);
  }
  return sums;
}

describe("the plugin hotblocks", () => {
  it("counted what was recorded, and its table is read as it is", async () => {
    const table = readFileSync(file("hotblocks.log"), "latin1").matchAll(/^(0x\w+), \d+, (\d+), (\d+)$/gm);
    const rows = Array.from(table, ([, pc, size, count]) => [BigInt(pc), Number(size), Number(count)] as const);
    expect(rows.length).toBeGreaterThan(10);
    await importTrace(file("hotblocks.log"), file("hotblocks.bst"));
    const { blocks, ...hottest } = await openTraceFile(file("hotblocks.bst"));
    const executed = executionsByBlock({ ...hottest, blocks });
    const read = Array.from(executed, (count, i) => [blocks.address[i], blocks.instructions[i], count]);
    expect(read).toEqual(rows);
    const all = byKey(recorded);
    expect(rows.map(([address, size]) => all.get(address ^ BigInt(size)))).toEqual(rows.map(([, , count]) => count));
  });
});

describe("the plugin drcov", () => {
  it("has the blocks that were recorded", async () => {
    await importTrace(file("boot.drcov"), file("drcov.bst"));
    const { blocks: covered } = await openTraceFile(file("drcov.bst"));
    const low = (address: bigint): string => BigInt.asUintN(32, address).toString(16);
    const { blocks } = recorded;
    // QEMU 7.2 gives plugins the beginning of an instruction that is not in the block; the recorder leaves it out.
    const whole = [...counts.keys()].filter(
      (block) => counts[block] > 0 && (blocks.flags[block] & BlockFlag.PhantomDropped) === 0,
    );
    const found = new Set(
      Array.from({ length: covered.count }, (_, i) => `${low(covered.address[i])} ${covered.size[i]}`),
    );
    expect(whole.filter((block) => !found.has(`${low(blocks.address[block])} ${blocks.size[block]}`))).toEqual([]);
    const ran = new Set(
      [...counts.keys()].filter((block) => counts[block] > 0).map((block) => low(blocks.address[block])),
    );
    expect(new Set(Array.from({ length: covered.count }, (_, i) => low(covered.address[i])))).toEqual(ran);
    expect(ran.size).toBe(distinctStarts(file("boot.drcov")));
  });
});

/** Distinct starts of blocks in a drcov file, as od prints them. */
function distinctStarts(drcov: string): number {
  const bytes = readFileSync(drcov);
  const table = bytes.indexOf(" bbs\n") + 5;
  const words = execFileSync("od", ["-An", "-v", "-t", "x4", "-w8", "-j", String(table), drcov], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return new Set(
    words
      .trim()
      .split("\n")
      .map((line) => line.trim().split(" ")[0]),
  ).size;
}
