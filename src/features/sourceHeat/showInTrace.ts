/** From a line of kernel source to its function in the trace. */
import * as vscode from "vscode";
import type { Services } from "../services";
import { functionAt } from "./fileHeat";

/**
 * Shows a function in the trace editor: the named one (the link in a hover names it), else the one around the cursor.
 * Rejects with BootscopeError when the engine cannot answer.
 */
export async function showInTrace({ traces, engine, sources }: Services, name?: string): Promise<void> {
  const trace = traces.active;
  const editor = vscode.window.activeTextEditor;
  if (trace !== undefined && name !== undefined) {
    await traces.reveal(trace, name);
    return;
  }
  if (trace === undefined || editor === undefined) {
    await vscode.window.showInformationMessage(
      "Open a trace, then put the cursor into a function of the kernel source.",
    );
    return;
  }
  const line = editor.selection.active.line + 1;
  const { file } = await engine.request("files", { trace: trace.handle });
  const debugPath = await sources.debugPathOf(editor.document.uri, file);
  const lines =
    debugPath === undefined
      ? null
      : await engine.request("lines", { trace: trace.handle, file: debugPath, range: null });
  const found = lines === null ? undefined : functionAt(lines.functions, line);
  if (found === undefined) {
    await vscode.window.showInformationMessage(`Nothing was executed in a function at line ${line} of this file.`);
  } else {
    await traces.reveal(trace, found.name);
  }
}
