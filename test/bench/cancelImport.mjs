// Cancelling imports at any moment: from the request until the import has ended, and until its part is read, named and shown.
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
/** So much of the log, packed, that no import ends by itself before it is cancelled. */
const packedBytes = 800_000_000;

export async function measureImportCancel({ kernel, cli, folder }) {
  const log = logPath(await ensureLogs(kernel), "-d exec,nochain");
  const packed = path.join(folder, "cancelled.log.gz");
  const quickly = createGzip({ level: constants.Z_BEST_SPEED });
  await pipeline(createReadStream(log, { end: packedBytes - 1 }), quickly, createWriteStream(packed));
  const simple = path.join(folder, "cancelled-trace");
  await writeTrace(simple, records);
  const EngineClient = await loadClient(folder);
  const client = new EngineClient({ enginePath: path.join(path.dirname(cli), "engine.js") });
  const rows = [];
  try {
    const inputs = { "a log": log, "a log packed by gzip": packed, "a simple trace": simple };
    for (const [name, input] of Object.entries(inputs)) {
      const { ended, shown, whole } = await cancelledImports(client, input, path.join(folder, "cancelled"));
      const late = whole > 0 ? ` (${whole} too late)` : "";
      rows.push(
        {
          what: `cancelling the import of ${name}, ${cancels} times${late}`,
          measured: spread(ended),
          target: "≤ 100 ms",
        },
        { what: "the same, until its part is read and shown", measured: spread(shown), target: "" },
      );
    }
  } finally {
    client.dispose();
    for (const file of [packed, simple]) rmSync(file, { force: true });
  }
  return rows;
}

const spread = (times) =>
  `${percentile(times, 0.5).toFixed(0)} ms median, ${percentile(times, 0.95).toFixed(0)} ms at the 95th percentile`;

/** Milliseconds that each of the cancelled imports took to end and to be shown, and how many were whole before they were cancelled. */
async function cancelledImports(client, input, cacheFolder) {
  const moments = fractions(7);
  const ended = [];
  const shown = [];
  let whole = 0;
  for (let round = 0; round < cancels; round++) {
    rmSync(cacheFolder, { recursive: true, force: true });
    const { trace } = await client.request("open", { path: input, vmlinux: [], cacheFolder });
    // As an editor does, which waits for what there is to show.
    client.request("phases", { trace }).catch(() => undefined);
    await setTimeout(earliest + moments.next().value * (latest - earliest));
    const start = performance.now();
    await client.request("stop", { trace });
    ended.push(performance.now() - start);
    // An import that was cancelled before it found anything rejects.
    const summary = await client.request("settled", { trace }).catch(() => null);
    shown.push(performance.now() - start);
    if (summary !== null && !summary.trust.reasons.some((reason) => reason.includes("was stopped"))) whole++;
    await client.request("close", { trace });
  }
  return { ended, shown, whole };
}
