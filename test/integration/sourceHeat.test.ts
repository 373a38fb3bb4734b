import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { BootscopeApi } from "../../src/extension";
import type { OpenTrace, Selection } from "../../src/features/services";
import { nanoseconds } from "../../src/protocol/units";

/** Waits until the value is there, and says what for when it does not come. */
async function until<T>(what: string, get: () => T | undefined | false, patience = 60_000): Promise<T> {
  for (const deadline = Date.now() + patience; ; await sleep(50)) {
    const value = get();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

describe("source heat", function () {
  this.timeout(180_000);
  const { uri: folder } = vscode.workspace.workspaceFolders![0];
  const source = vscode.Uri.joinPath(folder, "lib/mpi/generic_mpih-mul2.c");
  let api: BootscopeApi;
  let trace: OpenTrace;
  let debugPath: string;

  before(async () => {
    api = await vscode.extensions.getExtension<BootscopeApi>("bootscope.bootscope")!.activate();
    await api.traces.show(vscode.Uri.joinPath(folder, "boot.bst"));
    const isReady = ({ summary }: OpenTrace): boolean => summary.complete && summary.symbols?.hasLines === true;
    trace = await until(
      "the trace with its symbols",
      () => {
        const { active } = api.traces;
        return active !== undefined && isReady(active) && active;
      },
      150_000,
    );
    const { file } = await api.engine.request("files", { trace: trace.handle });
    debugPath = await until("the debug path", () => file.find((path) => path.endsWith("/lib/mpi/generic_mpih-mul2.c")));
  });
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("opens the source of a debug path beside the trace, and the next one in the same column", async () => {
    const traceColumn = vscode.window.tabGroups.activeTabGroup.viewColumn;
    await api.sources.open(debugPath, 22);
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.toString(), source.toString());
    assert.equal(editor.selection.active.line, 21);
    assert.notEqual(editor.viewColumn, traceColumn);
    assert.ok(editor.visibleRanges.some((range) => range.contains(editor.selection.active)));
    const columns = vscode.window.tabGroups.all.length;
    await api.traces.show(trace.uri);
    await api.sources.open(debugPath.replace("mul2", "mul1"), 30);
    assert.equal(vscode.window.tabGroups.all.length, columns);
    assert.match(vscode.window.activeTextEditor?.document.uri.path ?? "", /generic_mpih-mul1\.c$/);
    await api.sources.open(debugPath, 22);
  });

  it("marks the lines that the engine says are hot", async () => {
    const heat = await until("heat", () => api.heat.heatOf(source));
    const lines = await api.engine.request("lines", { trace: trace.handle, file: debugPath, range: null });
    assert.ok(lines);
    const hottest = lines.line[lines.instructions.indexOf(Math.max(...lines.instructions))];
    const shown = [...heat.lines].sort((a, b) => b.instructions - a.instructions);
    assert.equal(shown[0].line, hottest);
    assert.equal(shown[0].bucket, 5);
    assert.equal(shown[0].function?.name, "mpihelp_addmul_1");
    const covered = heat.lines.reduce((sum, line) => sum + line.instructions, 0);
    assert.ok(covered > 0.98 * lines.fileTotals.instructions, "all lines above the threshold are there");
    assert.deepEqual(
      heat.functions.map(({ name }) => name),
      ["mpihelp_addmul_1"],
    );
  });

  it("tells at the end of a line when its cost was spent, all of it, and nothing over the code", async () => {
    const heat = await until("heat", () => api.heat.heatOf(source));
    const [hottest] = [...heat.lines].sort((a, b) => b.instructions - a.instructions);
    const entry = heat.functions[0];
    for (const [of, line, instructions] of [
      ["line", hottest.line, hottest.instructions],
      ["function", entry.line, entry.instructions],
    ] as const) {
      const query = { trace: trace.handle, of, file: debugPath, line, range: null, metric: "instructions" } as const;
      const history = await api.engine.request("costHistory", { ...query, buckets: 40 });
      assert.ok(history);
      const overTime = history.values.reduce((sum, value) => sum + value, 0);
      assert.ok(Math.abs(overTime / instructions - 1) < 1e-9, "the histogram adds up");
      assert.equal(
        history.phases.reduce((sum, { cost }) => sum + cost, 0),
        instructions,
      );
      // The key of the kernel's module signatures is checked while the kernel initializes.
      assert.deepEqual(
        history.phases.map(({ name }) => name),
        ["init"],
      );
    }
    const document = await vscode.workspace.openTextDocument(source);
    const textsAt = async (character: number): Promise<string> => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        source,
        new vscode.Position(hottest.line - 1, character),
      );
      return hovers
        .flatMap(({ contents }) => contents)
        .map((content) => (content as vscode.MarkdownString).value)
        .join("\n");
    };
    const text = await textsAt(document.lineAt(hottest.line - 1).text.length);
    assert.match(text, /Instructions over time: 0\.000 s `·+[▁▂▃▄▅▆▇█·]+` \d+\.\d{3} s/);
    assert.match(text, /By phase: init 100\.0 %\./);
    assert.equal(await textsAt(document.lineAt(hottest.line - 1).firstNonWhitespaceCharacterIndex), "");
  });

  it("follows the selected time range", async () => {
    const session = trace as unknown as { selection: Selection };
    const { metric } = session.selection;
    // The first second is firmware and decompressor: this file has not run yet.
    session.selection = { range: { start: nanoseconds(0), end: nanoseconds(1e6) }, metric };
    await until("nothing in the first millisecond", () => api.heat.heatOf(source)?.lines.length === 0);
    session.selection = { range: null, metric };
    await until("everything again", () => (api.heat.heatOf(source)?.lines.length ?? 0) > 5);
  });

  it("is off with one command and on with the next", async () => {
    await vscode.commands.executeCommand("bootscope.toggleSourceHeat");
    await until("no heat", () => api.heat.heatOf(source) === undefined);
    await vscode.commands.executeCommand("bootscope.toggleSourceHeat");
    await until("heat", () => api.heat.heatOf(source));
  });

  it("shows nothing while the trace has no symbols", async () => {
    const vmlinux = trace.summary.symbols?.path ?? null;
    await api.engine.request("setSymbols", { trace: trace.handle, vmlinux: null, force: false });
    await until("no heat", () => api.heat.heatOf(source) === undefined);
    await api.engine.request("setSymbols", { trace: trace.handle, vmlinux, force: false });
    await until("heat", () => api.heat.heatOf(source));
  });

  it("marks no file of another architecture", async () => {
    const other = vscode.Uri.joinPath(folder, "arch/arm64/kernel/setup.c");
    await vscode.window.showTextDocument(other);
    await sleep(1000);
    assert.equal(api.heat.heatOf(other), undefined);
    const own = vscode.Uri.joinPath(folder, "arch/x86/kernel/setup.c");
    await vscode.window.showTextDocument(own);
    const heat = await until("heat of the architecture's own file", () => api.heat.heatOf(own));
    assert.ok(heat.functions.some(({ name }) => name === "setup_arch"));
  });

  it("goes from a line back to its function in the trace", async () => {
    const editor = await vscode.window.showTextDocument(source);
    editor.selection = new vscode.Selection(35, 0, 35, 0);
    await vscode.commands.executeCommand("bootscope.showInTrace");
    await until("the trace in front", () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.viewType === "bootscope.trace";
    });
  });
});
