/** Tries one input after the other on one target, until it is killed. What it does is told to the process that started it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BootscopeError } from "../../src/protocol/failure";
import { Coverage } from "./coverage";
import { longestInput, mutate } from "./mutations";
import { Random } from "./random";
import { fuzzTargets } from "./targets";
import type { WorkerReport, WorkerTask } from "./workerTask";

/** Processor time that an input of at most 64 KiB may take. */
const patienceMs = 5000;
const reportEveryMs = 250;

async function work({ target: name, root, folder, corpus, seed }: WorkerTask): Promise<void> {
  const target = fuzzTargets.find((candidate) => candidate.name === name)!;
  const random = new Random(seed);
  const input = path.join(folder, "input");
  mkdirSync(corpus, { recursive: true });
  const kept: Uint8Array[] = readdirSync(corpus).map((file) => readFileSync(path.join(corpus, file)));
  const seeds = await target.seeds(path.join(root, "test/fixtures"), folder);
  const coverage = new Coverage(__filename);
  const report: WorkerReport = { executions: 0, refused: 0, kept: 0, blocks: 0 };

  const attempt = async (bytes: Uint8Array): Promise<void> => {
    writeFileSync(input, bytes);
    const before = process.cpuUsage();
    try {
      await target.run(input, folder);
    } catch (error) {
      if (!(error instanceof BootscopeError))
        tell({ fault: faultText(error), input: Buffer.from(bytes).toString("base64") });
      else report.refused++;
    }
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    if (took > patienceMs)
      tell({ fault: `slow: ${Math.round(took)} ms`, input: Buffer.from(bytes).toString("base64") });
    report.executions++;
  };

  let reportedAt = 0;
  const heartbeat = (): void => {
    if (Date.now() - reportedAt < reportEveryMs) return;
    reportedAt = Date.now();
    tell({ ...report, kept: kept.length, blocks: coverage.blocks });
  };

  for (const bytes of [...seeds.map((whole) => whole.subarray(0, longestInput)), ...kept.splice(0)]) {
    await attempt(bytes);
    heartbeat();
    coverage.takeNew();
    kept.push(bytes);
  }
  for (;;) {
    let bytes = mutate(random.of(kept), random, kept);
    if (target.repair !== undefined && random.below(8) > 0) bytes = target.repair(bytes);
    await attempt(bytes);
    if (coverage.takeNew() > 0) {
      kept.push(bytes);
      writeFileSync(path.join(corpus, `${Date.now()}-${kept.length}`), bytes);
    }
    heartbeat();
  }
}

const tell = (message: object): void => void process.send!(message);

/** The message and where it was thrown; two faults are the same when these are. */
function faultText(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  return (error.stack ?? error.message).split("\n").slice(0, 4).join("\n");
}

process.once("disconnect", () => process.exit());
process.once("message", (task) => void work(task as WorkerTask));
