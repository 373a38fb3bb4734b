// A boot with the recorder against the same boot without.
import { rmSync, statSync } from "node:fs";
import path from "node:path";
import { run } from "../../scripts/environment/processes.mjs";
import { inTurns, ratio, seconds, secondsOf } from "./measure.mjs";

/** What `bootscope record` gives the recorder so that QEMU ends with it: here QEMU is started by another process. */
const withoutParent = (plugin) => plugin.replace(/,parent=\d+/, "");

const targets = { deterministic: "≤ 1.2x", fast: "≤ 1.4x" };

/** Work that writes a file which is not there yet, as recordings do: to free an old one takes time too. */
function onNewFile(file, work) {
  rmSync(file, { force: true });
  return work();
}

export async function measureRecording({ kernel, cli, folder, rounds }) {
  const rows = [];
  for (const [preset, target] of Object.entries(targets)) {
    const output = path.join(folder, `${preset}.bst`);
    const record = ["record", "--kernel", kernel.vmlinuz, "--initrd", kernel.initrd, "--vmlinux", kernel.vmlinux];
    const recordArguments = [cli, ...record, "--preset", preset, "-o", output];
    await secondsOf(process.execPath, recordArguments); // builds the recorder, warms the page cache
    const { commandLine, executions } = JSON.parse(await run(process.execPath, [cli, "info", output, "--json"]));
    const plugin = commandLine.indexOf("-plugin");
    const untraced = commandLine.slice(1).toSpliced(plugin - 1, 2);
    const recorder = commandLine.slice(1).with(plugin, withoutParent(commandLine[plugin + 1]));
    const times = await inTurns(rounds, {
      untraced: () => secondsOf(commandLine[0], untraced),
      recorder: () => onNewFile(output, () => secondsOf(commandLine[0], recorder)),
      recorded: () => onNewFile(output, () => secondsOf(process.execPath, recordArguments)),
    });
    const bytes = statSync(output).size;
    const compared = (time) => `${ratio(time / times.untraced)} (${seconds(time)} : ${seconds(times.untraced)})`;
    rows.push(
      { what: `recording a boot, ${preset}`, measured: compared(times.recorded), target },
      { what: "the same, from QEMU's start to its end", measured: compared(times.recorder), target: "" },
      { what: `bytes per execution, ${preset}`, measured: `${(bytes / executions).toFixed(3)} B`, target: "≤ 0.4 B" },
    );
  }
  return rows;
}
