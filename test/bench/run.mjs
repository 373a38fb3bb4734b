// `npm run bench [-- --json FILE] [--rounds N] [--only WORD]`: measures what docs/performance.md says, each figure beside what
// it is compared with, in the same run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ensureBootTrace, ensureCli } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { measureImportCancel } from "./cancelImport.mjs";
import { measureEngine } from "./engine.mjs";
import { measureImport } from "./logImport.mjs";
import { measureNaming } from "./naming.mjs";
import { measureRecording } from "./recording.mjs";
import { measureSimpletraceImport } from "./simpletraceImport.mjs";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), "bootscope-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const subject = {
  kernel: await ensureKernel(),
  trace: await ensureBootTrace(),
  cli: await ensureCli(),
  folder,
  rounds: Math.max(1, Number(values.rounds)),
};
const parts = [
  measureRecording,
  measureEngine,
  measureImport,
  measureImportCancel,
  measureSimpletraceImport,
  measureNaming,
];
const rows = [];
for (const part of parts.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()))) {
  for (const row of await part(subject)) {
    rows.push(row);
    console.log(`${row.what.padEnd(58)} ${row.measured.padStart(34)}   target ${row.target}`);
  }
}
const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`;
console.log(`\n${machine}; medians of ${subject.rounds} rounds`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine, rounds: subject.rounds, rows }, null, 2)}\n`);
}
