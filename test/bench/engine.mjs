// The engine on a whole boot: opening, totals, ranges, memory. Runs in a process of its own, as faces start it.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { build } from "esbuild";
import { median, percentile, seconds } from "./measure.mjs";

const rangeCount = 60;

/** A generator with a seed: every run asks for the same ranges. */
export function* fractions(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

export async function loadClient(folder) {
  const outfile = path.join(folder, "client.cjs");
  await build({
    entryPoints: ["src/engine/client.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logLevel: "error",
  });
  return createRequire(outfile)(outfile).EngineClient;
}

const peakMegabytes = (pid) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;

/** Seconds of processor time that a process has used, all threads together. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export async function measureEngine({ trace, kernel, cli, folder, rounds }) {
  const EngineClient = await loadClient(folder);
  const enginePath = path.join(path.dirname(cli), "engine.js");
  const cacheFolder = path.join(folder, "cache");
  const opened = { cold: [], settled: [], scan: [], scanProcessor: [], again: [] };
  const ranges = [];
  let peak = 0;
  let executions = 0;
  const query = (handle, range = null) => ({
    ...{ trace: handle, range, sort: "instructions", descending: true, filter: "" },
    ...{ metric: "instructions", offset: 0, limit: 50 },
  });
  const session = async (measure) => {
    const client = new EngineClient({ enginePath });
    try {
      await client
        .request("symbolize", { vmlinux: "/dev/null", addresses: new BigUint64Array(0) })
        .catch(() => undefined);
      await measure(client);
      peak = Math.max(peak, peakMegabytes(client.pid));
    } finally {
      client.dispose();
    }
  };
  const open = (client, vmlinux) => client.request("open", { path: trace, vmlinux, cacheFolder });
  for (let round = 0; round < rounds; round++) {
    rmSync(cacheFolder, { recursive: true, force: true });
    mkdirSync(cacheFolder);
    await session(async (client) => {
      const start = performance.now();
      const { trace: handle } = await open(client, [kernel.vmlinux]);
      await client.request("functions", query(handle));
      opened.cold.push((performance.now() - start) / 1000);
      const { duration } = await client.request("settled", { trace: handle });
      await client.request("functions", query(handle));
      opened.settled.push((performance.now() - start) / 1000);
      const random = fractions(round + 1);
      for (let i = 0; i < rangeCount; i++) {
        const ends = [random.next().value * duration, random.next().value * duration].sort((a, b) => a - b);
        const asked = performance.now();
        await client.request("functions", query(handle, { start: ends[0], end: ends[1] }));
        ranges.push((performance.now() - asked) / 1000);
      }
    });
    await session(async (client) => {
      const start = performance.now();
      const { trace: handle } = await open(client, [kernel.vmlinux]);
      await client.request("settled", { trace: handle });
      await client.request("functions", query(handle));
      opened.again.push((performance.now() - start) / 1000);
    });
    rmSync(cacheFolder, { recursive: true, force: true });
    // Totals alone: without names there is nothing but the scan.
    await session(async (client) => {
      const { trace: handle } = await open(client, []);
      const start = performance.now();
      const processor = processorSeconds(client.pid);
      const summary = await client.request("settled", { trace: handle });
      opened.scan.push((performance.now() - start) / 1000);
      opened.scanProcessor.push(processorSeconds(client.pid) - processor);
      executions = summary.executions;
    });
  }
  const rate = executions / median(opened.scan) / 1e6;
  const processorRate = executions / median(opened.scanProcessor) / 1e6;
  return [
    { what: "totals of a native trace", measured: `${rate.toFixed(0)} M executions/s`, target: "≥ 250 M/s on 2 cores" },
    {
      what: "the same, per second of processor time (also on a busy machine)",
      measured: `${processorRate.toFixed(0)} M executions`,
      target: "≥ 125 M",
    },
    {
      what: "opening a trace for the first time, first table",
      measured: seconds(median(opened.cold)),
      target: "≤ 1 s",
    },
    {
      what: "opening a trace for the first time, complete",
      measured: seconds(median(opened.settled)),
      target: "≤ 2 s",
    },
    { what: "opening a trace again, the same table", measured: seconds(median(opened.again)), target: "≤ 0.3 s" },
    { what: "table of a random range, median", measured: seconds(median(ranges)), target: "" },
    {
      what: "table of a random range, 95th percentile",
      measured: seconds(percentile(ranges, 0.95)),
      target: "≤ 0.1 s",
    },
    { what: "engine memory, peak", measured: `${peak.toFixed(0)} MB`, target: "≤ 1 GB" },
  ];
}
