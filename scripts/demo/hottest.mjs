// The ten hottest functions of a trace, as the CLI says them.
import { ensureCli } from "../environment/boot.mjs";
import { run } from "../environment/processes.mjs";
import { step } from "../environment/steps.mjs";

/**
 * @param {string} trace
 * @param {string | null} vmlinux Null: the trace brings its symbols along.
 */
export async function printHottest(trace, vmlinux) {
  const symbols = vmlinux === null ? [] : ["--vmlinux", vmlinux];
  const cli = await ensureCli();
  const args = [cli, "functions", trace, ...symbols, "--sort", "instructions", "--limit", "10"];
  const table = await step("Total the cost per function", () => run(process.execPath, args));
  console.log(`\nThe ten hottest functions:\n\n${table}`);
}
