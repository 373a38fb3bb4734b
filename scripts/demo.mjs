// `npm run demo`: from a fresh clone to a real kernel's boot in the trace editor. `--sample` shows the trace that ships with
// the extension instead, without QEMU.
import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ensureDependencies } from "./environment/dependencies.mjs";
import { fail, skipped, step } from "./environment/steps.mjs";

const root = path.resolve(import.meta.dirname, "..");

/** Builds and packages the extension unless the package is newer than everything it is made from. */
async function ensurePackage() {
  const { packageFile, isPackageCurrent } = await import("./demo/freshness.mjs");
  const vsix = packageFile(root);
  if (isPackageCurrent(root)) skipped("Package the extension", path.basename(vsix));
  else {
    const { run } = await import("./environment/processes.mjs");
    await step("Build and package the extension", (update) =>
      run(process.execPath, [path.join(root, "scripts/package.mjs")], { cwd: root, onLine: update, timeout: 300_000 }),
    );
  }
  return vsix;
}

async function main() {
  const { values } = parseArgs({ options: { sample: { type: "boolean", default: false } } });
  await ensureDependencies();
  const vsix = await ensurePackage();
  const { showInEditor } = await import("./demo/show.mjs");
  const { printHottest } = await import("./demo/hottest.mjs");
  const { ensureKernelWorkspace, layOutSample } = await import("./environment/workspace.mjs");
  if (values.sample) {
    const trace = path.join(root, "sample/boot.bst");
    if (!existsSync(trace)) throw new Error(`${trace} is missing from this clone.`);
    await printHottest(trace, null);
    await showInEditor({ vsix, ...layOutSample(path.dirname(trace)) });
    return;
  }
  const { folder, trace, vmlinux } = await ensureKernelWorkspace("demo");
  await printHottest(trace, vmlinux);
  await showInEditor({ vsix, folder, trace });
}

await main().catch(fail);
