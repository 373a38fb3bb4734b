// A boot with the recorder against the same boot without.
import { statSync } from "node:fs";
import path from "node:path";
import { run } from "../../scripts/environment/processes.mjs";
import { inTurns, ratio, seconds, secondsOf } from "./measure.mjs";

const targets = { deterministic: "≤ 1.2x", fast: "≤ 1.4x" };

export async function measureRecording({ kernel, cli, folder, rounds }) {
  const rows = [];
  for (const [preset, target] of Object.entries(targets)) {
    const output = path.join(folder, `${preset}.bst`);
    const record = ["record", "--kernel", kernel.vmlinuz, "--initrd", kernel.initrd, "--vmlinux", kernel.vmlinux];
    const recordArguments = [cli, ...record, "--preset", preset, "--force", "-o", output];
    await secondsOf(process.execPath, recordArguments); // builds the recorder, warms the page cache
    const { commandLine, executions } = JSON.parse(await run(process.execPath, [cli, "info", output, "--json"]));
    const plugin = commandLine.indexOf("-plugin");
    const untraced = commandLine.slice(1).toSpliced(plugin - 1, 2);
    const times = await inTurns(rounds, {
      untraced: () => secondsOf(commandLine[0], untraced),
      recorded: () => secondsOf(process.execPath, recordArguments),
    });
    const bytes = statSync(output).size;
    const compared = `(${seconds(times.recorded)} : ${seconds(times.untraced)})`;
    rows.push(
      {
        what: `recording a boot, ${preset}`,
        measured: `${ratio(times.recorded / times.untraced)} ${compared}`,
        target,
      },
      { what: `bytes per execution, ${preset}`, measured: `${(bytes / executions).toFixed(3)} B`, target: "≤ 0.4 B" },
    );
  }
  return rows;
}
