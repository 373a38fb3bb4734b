// `npm run fuzz -- --minutes N [--target T] [--seed S]`: feeds mutated files to the readers of foreign bytes (docs/fuzzing.md).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { assemblyForEsbuild } from "../../scripts/assembly.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    target: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: String(Date.now() >>> 0) },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), "bootscope-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
await build({
  absWorkingDir: root,
  entryPoints: { fuzzer: "test/fuzz/fuzzer.ts", fuzzWorker: "test/fuzz/fuzzWorker.ts" },
  outdir: folder,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "error",
  plugins: [assemblyForEsbuild],
});
const { default: program } = await import(pathToFileURL(path.join(folder, "fuzzer.js")).href);
process.exitCode = await program.fuzz({
  root,
  folder,
  worker: path.join(folder, "fuzzWorker.js"),
  results: path.join(root, "test/results/fuzz"),
  minutes: Number(values.minutes),
  targets: values.target,
  seed: Number(values.seed),
});
