// `node scripts/make-sample.mjs`: makes sample/ anew from a recorded boot: an excerpt with its symbols inside, and those source
// files in which it spends its time. Not part of the build: the result is in the repository.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { assemblyForEsbuild } from "./assembly.mjs";
import { ensureBootTrace, ensureCli } from "./environment/boot.mjs";
import { ensureKernel } from "./environment/kernel.mjs";
import { run } from "./environment/processes.mjs";
import { fail, step } from "./environment/steps.mjs";

const root = path.resolve(import.meta.dirname, "..");
const sample = path.join(root, "sample");
/** Functions whose source files are copied: those that somebody who opens the sample will click. */
const functionsWithSource = 24;

/** A path of the debug information relative to the source tree: the longest end of it that exists there. */
function insideTree(tree, file) {
  const parts = file.split("/");
  for (let skip = 0; skip < parts.length; skip++) {
    const candidate = parts.slice(skip).join("/");
    if (candidate !== "" && existsSync(path.join(tree, candidate))) return candidate;
  }
  return null;
}

async function copySources(trace, tree) {
  for (const name of readdirSync(sample, { withFileTypes: true })) {
    if (name.isDirectory()) rmSync(path.join(sample, name.name), { recursive: true });
  }
  const limit = ["--limit", String(functionsWithSource), "--sort", "instructions"];
  const output = await run(process.execPath, [await ensureCli(), "functions", trace, ...limit, "--json"]);
  for (const { file } of JSON.parse(output).functions) {
    const inside = file === null ? null : insideTree(tree, file);
    if (inside === null) continue;
    mkdirSync(path.dirname(path.join(sample, inside)), { recursive: true });
    copyFileSync(path.join(tree, inside), path.join(sample, inside));
  }
  copyFileSync(path.join(tree, "COPYING"), path.join(sample, "COPYING"));
}

async function main() {
  const kernel = await ensureKernel();
  const recording = await ensureBootTrace();
  const program = path.join(tmpdir(), `bootscope-sample-${process.pid}.cjs`);
  const trace = path.join(sample, "boot.bst");
  mkdirSync(sample, { recursive: true });
  try {
    await step("Cut the excerpt", async () => {
      await build({
        entryPoints: [path.join(root, "scripts/sample/main.ts")],
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        outfile: program,
        logLevel: "warning",
        plugins: [assemblyForEsbuild],
      });
      await run(process.execPath, [program, recording, kernel.vmlinux, trace]);
    });
  } finally {
    rmSync(program, { force: true });
  }
  await step("Copy the source files it spends its time in", () => copySources(trace, kernel.source));
  console.log(`${path.relative(root, trace)}: ${(statSync(trace).size / 1024 / 1024).toFixed(2)} MB`);
}

await main().catch(fail);
