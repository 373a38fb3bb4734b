import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { BootscopeApi } from "../../src/extension";

describe("the sample", function () {
  this.timeout(120_000);
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("opens by its command, named without a vmlinux", async () => {
    const extension = vscode.extensions.getExtension<BootscopeApi>("bootscope.bootscope")!;
    const { traces } = await extension.activate();
    const sample = vscode.Uri.joinPath(extension.extensionUri, "sample", "boot.bst");
    await vscode.commands.executeCommand("bootscope.openSample");
    const opened = () => (traces.active?.uri.toString() === sample.toString() ? traces.active.summary : undefined);
    for (const deadline = Date.now() + 60_000; opened()?.complete !== true; await sleep(50)) {
      assert.ok(Date.now() < deadline, `the sample was not read: ${JSON.stringify(opened())}`);
    }
    const { executions, named, symbols, trust } = opened()!;
    assert.ok(executions > 1_000_000);
    assert.ok(named > 0.5 * executions, `${named} of ${executions} executions are named`);
    assert.equal(symbols?.hasLines, true);
    assert.equal(trust.damagedBytes, 0);
  });
});
