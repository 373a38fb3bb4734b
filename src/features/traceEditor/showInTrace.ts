/** From a line of kernel source to its function in the trace. */
import * as vscode from "vscode";
import type { FunctionOfFile } from "../../protocol/engine";
import type { Services } from "../services";

/** The function that holds a line: the last one that starts at or above it. */
export function functionAt(functions: readonly FunctionOfFile[], line: number): FunctionOfFile | undefined {
  let found: FunctionOfFile | undefined;
  for (const candidate of functions) {
    if (candidate.line <= line && (found === undefined || candidate.line > found.line)) found = candidate;
  }
  return found;
}

export async function showInTrace({ traces, engine, sources }: Services): Promise<void> {
  const trace = traces.active;
  const editor = vscode.window.activeTextEditor;
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
