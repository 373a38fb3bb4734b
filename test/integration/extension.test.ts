import assert from "node:assert/strict";
import * as vscode from "vscode";

/** The parts of the manifest that this test compares with what runs. */
interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe("the extension", () => {
  it("activates and registers every command of its manifest", async () => {
    const extension = vscode.extensions.getExtension("bootscope.bootscope");
    assert.ok(extension, "VS Code knows the extension");
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const { contributes } = extension.packageJSON as Manifest;
    const missing = contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
