// Cancelling imports at any moment: from the request until what was imported is read, named and shown.
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { constants, createGzip } from "node:zlib";
import { fractions, loadClient } from "./engine.mjs";
import { ensureLogs, logPath } from "./logImport.mjs";
import { percentile } from "./measure.mjs";
import { records, writeTrace } from "./simpletraceImport.mjs";

const cancels = 20;
const [earliest, latest] = [30, 480];

export async function measureImportCancel({ kernel, cli, folder }) {
  const log = logPath(await ensureLogs(kernel), "-d exec,nochain");
  const packed = path.join(folder, "cancelled.log.gz");
  const quickly = createGzip({ level: constants.Z_BEST_SPEED });
  await pipeline(createReadStream(log), quickly, createWriteStream(packed));
  const simple = path.join(folder, "cancelled-trace");
  await writeTrace(simple, records);
  const EngineClient = await loadClient(folder);
  const client = new EngineClient({ enginePath: path.join(path.dirname(cli), "engine.js") });
  const rows = [];
  try {
    const inputs = { "a log": log, "the same log, packed by gzip": packed, "a simple trace": simple };
    for (const [name, input] of Object.entries(inputs)) {
      const times = await cancelledImports(client, input, path.join(folder, "cancelled"));
      rows.push({
        what: `cancelling the import of ${name}, ${cancels} times`,
        measured: `${percentile(times, 0.5).toFixed(0)} ms median, ${percentile(times, 0.95).toFixed(0)} ms at the 95th percentile`,
        target: "≤ 100 ms",
      });
    }
  } finally {
    client.dispose();
    rmSync(packed, { force: true });
    rmSync(simple, { force: true });
  }
  return rows;
}

/** Milliseconds that each of the cancelled imports took to end. */
async function cancelledImports(client, input, cacheFolder) {
  const moments = fractions(7);
  const times = [];
  for (let round = 0; round < cancels; round++) {
    rmSync(cacheFolder, { recursive: true, force: true });
    const { trace } = await client.request("open", { path: input, vmlinux: [], cacheFolder });
    // As an editor does, which waits for what there is to show.
    client.request("phases", { trace }).catch(() => undefined);
    await setTimeout(earliest + moments.next().value * (latest - earliest));
    const start = performance.now();
    await client.request("stop", { trace });
    // An import that was cancelled before it found anything rejects.
    await client.request("settled", { trace }).catch(() => undefined);
    times.push(performance.now() - start);
    await client.request("close", { trace });
  }
  return times;
}
