// Importing QEMU's own log text against the loops in Perl that people write instead.
import { statSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { ensureFolder } from "../../scripts/environment/cache.mjs";
import { killTree, run, start } from "../../scripts/environment/processes.mjs";
import { inTurns, ratio, seconds, secondsOf } from "./measure.mjs";

/** What QEMU writes in half a minute; the log of a whole boot has over ten gigabytes. */
const logBytes = 3_200_000_000;
const longestSeconds = 600;
const traceLines = "if (/^Trace \\d+: \\S+ \\[[0-9a-f]+\\/([0-9a-f]+)\\//) { $n{$1}++ } END { print scalar keys %n }";
const logs = [
  {
    name: "exec_tb",
    qemuArguments: ["-d", "nochain", "-trace", "exec_tb"],
    perl: "if (/exec_tb.*pc=0x([0-9a-f]+)/) { $n{$1}++ } END { print scalar keys %n }",
  },
  {
    name: "-d exec,nochain",
    qemuArguments: ["-d", "exec,nochain"],
    perl: traceLines,
  },
];
/** With the registers before each block: eighteen lines of another kind for each of ours. */
const registerLog = { name: "-d exec,cpu,nochain", qemuArguments: ["-d", "exec,cpu,nochain"], perl: traceLines };

/** Runs QEMU until its log is large enough; the last line is cut, as it is when people stop QEMU. */
async function recordUntil(log, qemuArguments) {
  const qemu = start("qemu-system-x86_64", qemuArguments, { stdio: "ignore" });
  const ended = new Promise((resolve) => qemu.once("close", resolve));
  const deadline = Date.now() + longestSeconds * 1000;
  while (
    qemu.exitCode === null &&
    Date.now() < deadline &&
    (statSync(log, { throwIfNoEntry: false })?.size ?? 0) < logBytes
  ) {
    await setTimeout(100);
  }
  killTree(qemu);
  await ended;
}

export const logPath = (folder, name) => path.join(folder, `${name}.log`);

/** The logs of a boot that was stopped, made once: their folder. */
export const ensureLogs = (kernel) => ensureFolderOf("boot-logs", logs, kernel);

function ensureFolderOf(cacheName, kinds, kernel) {
  const machine = ["-accel", "tcg", "-m", "512M", "-nographic", "-no-reboot", "-nic", "none"];
  const boot = ["-kernel", kernel.vmlinuz, "-initrd", kernel.initrd, "-append", "console=ttyS0 nokaslr panic=-1"];
  return ensureFolder(cacheName, "Write logs for the benchmark", async (folder, update) => {
    for (const { name, qemuArguments } of kinds) {
      update(name);
      const log = logPath(folder, name);
      await recordUntil(log, [...machine, ...boot, ...qemuArguments, "-D", log]);
    }
  });
}

export async function measureImport({ kernel, cli, folder, rounds }) {
  const folders = [await ensureLogs(kernel), await ensureFolderOf("boot-logs-registers", [registerLog], kernel)];
  const rows = [];
  for (const { name, perl } of [...logs, registerLog]) {
    const log = logPath(folders[name === registerLog.name ? 1 : 0], name);
    const output = path.join(folder, "log.bst");
    const times = await inTurns(rounds, {
      perl: () => secondsOf("perl", ["-ne", perl, log]),
      ours: () => secondsOf(process.execPath, [cli, "import", log, "-o", output]),
    });
    const lines = Number.parseInt(await run("wc", ["-l", log]), 10);
    rows.push(
      {
        what: `importing ${(statSync(log).size / 1e9).toFixed(1)} GB of ${name} log`,
        measured: `${(lines / times.ours / 1e6).toFixed(1)} M lines/s`,
        target: "≥ 20 M/s on 2 cores",
      },
      {
        what: "the same against a loop in Perl",
        measured: `${ratio(times.perl / times.ours)} (${seconds(times.ours)} : ${seconds(times.perl)})`,
        target: "≥ 20x",
      },
    );
  }
  return rows;
}
