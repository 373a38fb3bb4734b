// Cancelling imports at any moment: from the request until what was imported is read, named and shown.
import { rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { fractions, loadClient } from "./engine.mjs";
import { ensureLogs, logPath } from "./logImport.mjs";
import { percentile } from "./measure.mjs";

const cancels = 20;
const [earliest, latest] = [30, 480];

export async function measureImportCancel({ kernel, cli, folder }) {
  const log = logPath(await ensureLogs(kernel), "-d exec,nochain");
  const EngineClient = await loadClient(folder);
  const client = new EngineClient({ enginePath: path.join(path.dirname(cli), "engine.js") });
  const cacheFolder = path.join(folder, "cancelled");
  const moments = fractions(7);
  const times = [];
  try {
    for (let round = 0; round < cancels; round++) {
      rmSync(cacheFolder, { recursive: true, force: true });
      const { trace } = await client.request("open", { path: log, vmlinux: [], cacheFolder });
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
  } finally {
    client.dispose();
  }
  return [
    {
      what: `cancelling the import of a log, ${cancels} times`,
      measured: `${percentile(times, 0.5).toFixed(0)} ms median, ${percentile(times, 0.95).toFixed(0)} ms at the 95th percentile`,
      target: "≤ 100 ms",
    },
  ];
}
