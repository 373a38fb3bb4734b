// The ten hottest functions of a trace, as the CLI says them.
import { ensureCli } from "../environment/boot.mjs";
import { run } from "../environment/processes.mjs";
import { step } from "../environment/steps.mjs";

const limit = 10;
const count = new Intl.NumberFormat("en-US");

/**
 * @param {string} trace
 * @param {string | null} vmlinux Null: the trace brings its symbols along.
 */
export async function printHottest(trace, vmlinux) {
  const symbols = vmlinux === null ? [] : ["--vmlinux", vmlinux];
  const args = ["functions", trace, ...symbols, "--sort", "instructions", "--limit", String(limit), "--json"];
  const cli = await ensureCli();
  const output = await step("Total the cost per function", () => run(process.execPath, [cli, ...args]));
  const { totals, functions } = JSON.parse(output);
  console.log(`\nThe ${limit} hottest functions of ${count.format(totals.instructions)} executed instructions:\n`);
  for (const { name, file, line, instructions } of functions) {
    const share = `${((100 * instructions) / totals.instructions).toFixed(1)} %`;
    const place = file === null ? "" : `${file}:${line}`;
    console.log(`  ${share.padStart(7)}  ${count.format(instructions).padStart(14)}  ${name.padEnd(32)} ${place}`);
  }
  console.log("");
}
