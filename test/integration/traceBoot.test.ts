import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { BootscopeApi } from "../../src/extension";
import type { Ending } from "../../src/features/traceBoot/ending";
import { readLiveCounters } from "../../src/qemu/liveCounters";

/** Settings of a test, put back after it. */
async function configure(values: Record<string, unknown>): Promise<void> {
  const settings = vscode.workspace.getConfiguration("bootscope");
  for (const [name, value] of Object.entries(values)) {
    await settings.update(name, value, vscode.ConfigurationTarget.Workspace);
  }
}

const traceBoot = async (): Promise<Ending | undefined> =>
  vscode.commands.executeCommand<Ending | undefined>("bootscope.traceBoot");

/** Waits until the condition holds, and says what for when it does not. */
async function until(what: string, holds: () => boolean | Promise<boolean>, patience = 120_000): Promise<void> {
  for (const deadline = Date.now() + patience; !(await holds()); await sleep(100)) {
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

/** Command lines of running processes that name the file. */
function processesNaming(file: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((commandLine) => commandLine.includes(file));
}

describe("Trace Boot", function () {
  this.timeout(300_000);
  const { fsPath: folder } = vscode.workspace.workspaceFolders![0].uri;
  const recordings = path.join(folder, ".bootscope");
  const traces = (): string[] =>
    existsSync(recordings) ? readdirSync(recordings).filter((name) => name.endsWith(".bst")) : [];
  const settings = { "traceBoot.initrd": "${workspaceFolder}/initrd.gz" };
  let api: BootscopeApi;

  before(async () => {
    api = await vscode.extensions.getExtension<BootscopeApi>("bootscope.bootscope")!.activate();
  });
  beforeEach(async () => {
    rmSync(recordings, { recursive: true, force: true });
    await configure(settings);
  });
  afterEach(async () => {
    await configure({
      "traceBoot.initrd": undefined,
      "traceBoot.kernel": undefined,
      "traceBoot.preset": undefined,
      "qemu.extraArguments": undefined,
    });
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  it("boots the workspace's kernel without a question and opens the whole trace", async () => {
    const ending = await traceBoot();
    assert.equal(ending?.kind, "finished", JSON.stringify(ending));
    assert.deepEqual(traces(), [path.basename(ending.trace)]);
    assert.match(ending.trace, /\.bootscope\/boot-\d{8}-\d{6}\.bst$/);
    assert.equal(readFileSync(path.join(recordings, ".gitignore"), "utf8"), "*\n");
    await until("the trace to be open", () => api.traces.active?.uri.fsPath === ending.trace);
    const { trust, executions } = api.traces.active!.summary;
    assert.equal(trust.truncated, false);
    assert.equal(trust.level, "complete");
    await until("all of it to be counted", () => api.traces.active?.summary.complete === true);
    assert.ok(api.traces.active!.summary.executions > 100_000_000, `${executions} executions`);
    assert.deepEqual(processesNaming(ending.trace), []);
  });

  it("keeps what was recorded when cancelled half-way, and leaves no process behind", async () => {
    const ended = traceBoot();
    await until("the recording to grow", async () => {
      const counters = await Promise.all(traces().map((name) => readLiveCounters(path.join(recordings, name))));
      return counters.some((counter) => counter !== undefined && counter.executions > 10_000_000);
    });
    const trace = path.join(recordings, traces()[0]);
    assert.notDeepEqual(processesNaming(trace), [], "QEMU runs");
    await vscode.commands.executeCommand("bootscope.cancelTraceBoot");
    assert.deepEqual(processesNaming(trace), []);
    const ending = await ended;
    assert.equal(ending?.kind, "cancelled", JSON.stringify(ending));
    assert.equal(ending.partial?.path, trace);
    await api.traces.show(vscode.Uri.file(trace));
    await until("the partial trace to be counted", () => api.traces.active?.summary.complete === true);
    assert.ok(api.traces.active!.summary.executions >= 10_000_000);
  });

  it("ends the guest when its terminal is closed", async () => {
    const ended = traceBoot();
    await until("the guest to run", () => traces().some((name) => processesNaming(name).length > 0));
    const [trace] = traces();
    const terminals = vscode.window.terminals.filter(({ name }) => name.includes("Trace Boot"));
    assert.equal(terminals.length, 1);
    terminals[0].dispose();
    const ending = await ended;
    assert.equal(ending?.kind, "cancelled", JSON.stringify(ending));
    assert.deepEqual(processesNaming(trace), []);
  });

  it("logs the chosen events of QEMU beside the trace", async () => {
    mkdirSync(recordings, { recursive: true });
    writeFileSync(path.join(recordings, "trace-boot.qemu-events"), "fw_cfg_select\n");
    await configure({ "traceBoot.preset": "fast" });
    const ending = await traceBoot();
    assert.equal(ending?.kind, "finished", JSON.stringify(ending));
    assert.ok(ending.eventLog !== null && path.dirname(ending.eventLog) === recordings);
    assert.match(readFileSync(ending.eventLog, "utf8"), /^fw_cfg_select /m);
  });

  it("tells QEMU's own words when QEMU refuses", async () => {
    await configure({ "qemu.extraArguments": ["-nonsense"] });
    const ending = await traceBoot();
    assert.equal(ending?.kind, "failed", JSON.stringify(ending));
    assert.equal(ending.failure.code, "qemu-failed");
    assert.match(ending.failure.message, /-nonsense: invalid option/);
    assert.equal(ending.partial, null);
  });

  it("says which kernel is missing", async () => {
    await configure({ "traceBoot.kernel": "${workspaceFolder}/no-such-kernel" });
    const ending = await traceBoot();
    assert.equal(ending?.kind, "failed", JSON.stringify(ending));
    assert.match(ending.failure.message, /no-such-kernel/);
  });

  it("offers a task for each preset", async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: "bootscope" });
    assert.deepEqual(tasks.map((task) => task.name).sort(), ["Trace Boot (deterministic)", "Trace Boot (fast)"]);
    for (const { execution } of tasks) {
      assert.ok(execution instanceof vscode.ProcessExecution);
      assert.ok(execution.args.includes(`--kernel=${path.join(folder, "arch/x86/boot/bzImage")}`));
      assert.ok(execution.args.includes(`--vmlinux=${path.join(folder, "vmlinux")}`));
    }
  });
});
