/** The trace editor's side in the extension host, on a recorded boot. What the page shows is tested by clicks in test/e2e. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { BootscopeApi } from "../../src/extension";
import type { OpenTrace } from "../../src/features/services";
import type { FunctionsPage, FunctionsQuery } from "../../src/protocol/engine";

/** Waits until a value is there, and says what for when it does not come. */
async function until<T>(what: string, look: () => T | undefined | false, patience = 120_000): Promise<T> {
  for (const deadline = Date.now() + patience; ; await sleep(100)) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

/** The engine processes of this extension host. */
function enginePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return Number(parent) === process.pid && commandLine.includes("engine.js");
      } catch {
        return false;
      }
    })
    .map(Number);
}

const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);

describe("the trace editor", function () {
  this.timeout(300_000);
  const folder = vscode.workspace.workspaceFolders![0].uri.fsPath;
  const boot = vscode.Uri.file(path.join(folder, "boot.bst"));
  const vmlinux = path.join(folder, "vmlinux");
  let api: BootscopeApi;
  let scratch: string;

  const traceOf = (uri: vscode.Uri): OpenTrace | undefined =>
    api.traces.all.find((trace) => trace.uri.toString() === uri.toString());
  const settled = (uri: vscode.Uri): Promise<OpenTrace> =>
    until(`${uri.fsPath} to be read`, () => {
      const trace = traceOf(uri);
      return trace?.summary.complete === true && trace;
    });
  const functions = (trace: OpenTrace, query: Partial<FunctionsQuery> = {}): Promise<FunctionsPage> =>
    api.engine.request("functions", {
      trace: trace.handle,
      range: null,
      sort: "executions",
      descending: true,
      filter: "",
      metric: "executions",
      offset: 0,
      limit: 100_000,
      ...query,
    });

  before(async () => {
    api = await vscode.extensions.getExtension<BootscopeApi>("bootscope.bootscope")!.activate();
    scratch = mkdtempSync(path.join(tmpdir(), "bootscope Träce "));
  });
  afterEach(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("opens a recorded boot in its own editor, named by the workspace's vmlinux", async () => {
    await vscode.commands.executeCommand("vscode.open", boot);
    const trace = await settled(boot);
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputCustom);
    assert.equal(input.viewType, "bootscope.trace");
    assert.equal(api.traces.active, trace);
    assert.equal(trace.summary.symbols?.path, vmlinux);
    assert.ok(trace.summary.executions > 10e6, `${trace.summary.executions} executions`);
    assert.ok(trace.summary.named / trace.summary.executions > 0.5);
  });

  it("accounts for every execution, in the whole trace and in a range", async () => {
    await vscode.commands.executeCommand("vscode.open", boot);
    const trace = await settled(boot);
    const whole = await functions(trace);
    assert.equal(sum(whole.executions), trace.summary.executions);
    assert.equal(sum(whole.instructions), trace.summary.instructions);
    const middle = Math.round(trace.summary.duration / 2) as typeof trace.summary.duration;
    const start = 0 as typeof middle;
    const halves = await Promise.all([
      functions(trace, { range: { start, end: middle } }),
      functions(trace, { range: { start: middle, end: (trace.summary.duration + 1) as typeof middle } }),
    ]);
    assert.ok(halves.every((half) => half.rangeTotals.executions < trace.summary.executions));
    assert.equal(
      halves.reduce((total, half) => total + half.rangeTotals.executions, 0),
      trace.summary.executions,
    );
  });

  it("shares one session among all editors of a file, and forgets it when the last is closed", async () => {
    await vscode.commands.executeCommand("vscode.open", boot);
    const trace = await settled(boot);
    await vscode.commands.executeCommand("workbench.action.splitEditor");
    await until("two editors", () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length === 2);
    assert.equal(api.traces.all.length, 1);
    assert.equal(traceOf(boot), trace);
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("the trace to be closed", () => api.traces.all.length === 0);
    assert.equal(api.traces.active, undefined);
  });

  it("opens a path with spaces and letters outside ASCII, and reports a cut file as incomplete", async () => {
    const cut = path.join(scratch, "halb gelesen ✂.bst");
    const bytes = readFileSync(boot.fsPath);
    writeFileSync(cut, bytes.subarray(0, bytes.length >> 1));
    const uri = vscode.Uri.file(cut);
    await vscode.commands.executeCommand("bootscope.openTrace", uri);
    const trace = await settled(uri);
    assert.equal(trace.summary.trust.truncated, true);
    assert.ok(trace.summary.trust.reasons.length > 0);
    assert.ok(trace.summary.executions > 0);
  });

  it("does not open what is no trace, and stays usable", async () => {
    const uri = vscode.Uri.file(path.join(scratch, "letter.bst"));
    writeFileSync(uri.fsPath, "Dear Sir or Madam,\n");
    await vscode.commands.executeCommand("vscode.open", uri);
    await vscode.commands.executeCommand("vscode.open", boot);
    await settled(boot);
    assert.equal(traceOf(uri), undefined);
  });

  it("takes another vmlinux, refuses what is none, and comes back", async () => {
    await vscode.commands.executeCommand("vscode.open", boot);
    const trace = await settled(boot);
    const names = (await functions(trace)).name;
    const useless = vscode.Uri.file(path.join(folder, "Makefile"));
    // The command ends when the person has answered its message, so it is not awaited.
    void vscode.commands.executeCommand("bootscope.chooseVmlinux", useless);
    await until("names to go", () => trace.summary.symbols === null);
    assert.ok((trace.summary.symbolsProblem?.message.length ?? 0) > 0);
    assert.equal(trace.summary.named, 0);
    await vscode.commands.executeCommand("bootscope.chooseVmlinux", vscode.Uri.file(vmlinux));
    await until("names to return", () => trace.summary.symbols?.path === vmlinux);
    await until("all names", () => trace.summary.named > 0);
    assert.deepEqual((await functions(trace)).name, names);
  });

  it("says that the engine ended, and goes on after a restart", async () => {
    await vscode.commands.executeCommand("vscode.open", boot);
    const before = (await settled(boot)).summary.executions;
    const pids = enginePids();
    assert.equal(pids.length, 1);
    process.kill(pids[0], "SIGKILL");
    await until("the trace to be gone", () => traceOf(boot) === undefined);
    await vscode.commands.executeCommand("bootscope.restartEngine");
    const trace = await settled(boot);
    assert.equal(trace.summary.executions, before);
    assert.equal(enginePids().length, 1);
  });

  it("reads a replaced file anew when the engine is restarted", async () => {
    const uri = vscode.Uri.file(path.join(scratch, "replaced.bst"));
    const bytes = readFileSync(boot.fsPath);
    writeFileSync(uri.fsPath, bytes.subarray(0, bytes.length >> 2));
    await vscode.commands.executeCommand("vscode.open", uri);
    const part = (await settled(uri)).summary.executions;
    copyFileSync(boot.fsPath, uri.fsPath);
    await vscode.commands.executeCommand("bootscope.restartEngine");
    const whole = await until("the whole file", () => {
      const trace = traceOf(uri);
      return trace?.summary.complete === true && trace.summary.executions > part && trace;
    });
    assert.equal(whole.summary.trust.truncated, false);
  });
});
