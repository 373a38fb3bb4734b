import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { BootscopeApi } from "../../src/extension";

const build = "debian/build/build_amd64_none_cloud-amd64";

describe("source files", () => {
  const { uri: folder } = vscode.workspace.workspaceFolders![0];
  const inTree = (name: string): string => vscode.Uri.joinPath(folder, name).toString();
  const setMap = (map: Record<string, string> | undefined): Thenable<void> =>
    vscode.workspace.getConfiguration("bootscope").update("sourceMap", map, vscode.ConfigurationTarget.Workspace);
  let api: BootscopeApi;
  let elsewhere: string;

  before(async () => {
    api = await vscode.extensions.getExtension<BootscopeApi>("bootscope.bootscope")!.activate();
    elsewhere = mkdtempSync(path.join(os.tmpdir(), "bootscope sources é "));
    mkdirSync(path.join(elsewhere, "init"));
    writeFileSync(path.join(elsewhere, "init", "main.c"), "int main;\n");
  });
  afterEach(() => setMap(undefined));
  after(() => rmSync(elsewhere, { recursive: true, force: true }));

  it("finds Debian's relative build paths in the kernel workspace", async () => {
    assert.equal((await api.sources.locate(`${build}/init/main.c`))?.toString(), inTree("init/main.c"));
    const detour = await api.sources.locate(`${build}/kernel/../kernel/sched/core.c`);
    assert.equal(detour?.toString(), inTree("kernel/sched/core.c"));
    const absolute = await api.sources.locate("/build/elsewhere/linux/arch/x86/entry/entry_64.S");
    assert.equal(absolute?.toString(), inTree("arch/x86/entry/entry_64.S"));
  });

  it("does not find what is not there", async () => {
    assert.equal(await api.sources.locate(`${build}/init/no-such-file.c`), undefined);
  });

  it("knows which debug path a document stands for", async () => {
    const candidates = [`${build}/arch/x86/kernel/setup.c`, `${build}/init/main.c`];
    const of = (name: string): Promise<string | undefined> =>
      api.sources.debugPathOf(vscode.Uri.joinPath(folder, name), candidates);
    assert.equal(await of("init/main.c"), candidates[1]);
    assert.equal(await of("arch/arm64/kernel/setup.c"), undefined);
    assert.equal(await api.sources.debugPathOf(vscode.Uri.parse("git:/init/main.c"), candidates), undefined);
  });

  it("obeys the setting before everything else, as soon as it changes", async () => {
    const changed = new Promise<void>((resolve) => {
      const subscription = api.sources.onDidChange(() => {
        subscription.dispose();
        resolve();
      });
    });
    await setMap({ [build]: elsewhere });
    await changed;
    const found = await api.sources.locate(`${build}/init/main.c`);
    assert.ok(found);
    assert.equal(found.fsPath, path.join(elsewhere, "init", "main.c"));
    await api.sources.open(`${build}/init/main.c`, 99);
    const editor = vscode.window.activeTextEditor;
    assert.ok(editor);
    assert.equal(editor.document.uri.fsPath, found.fsPath);
    assert.equal(editor.selection.active.line, 1, "a line beyond the end is the last");
    await setMap({ [build]: "${workspaceFolder}" });
    assert.equal((await api.sources.locate(`${build}/init/main.c`))?.toString(), inTree("init/main.c"));
  });
});
