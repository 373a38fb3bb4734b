/** Where a source file opens: in the column that already shows sources, else beside the trace. */
import * as vscode from "vscode";

function sourceColumn(): vscode.ViewColumn {
  const active = vscode.window.tabGroups.activeTabGroup;
  if (!(active.activeTab?.input instanceof vscode.TabInputCustom)) return active.viewColumn;
  const other = vscode.window.visibleTextEditors.find(
    ({ viewColumn }) => viewColumn !== undefined && viewColumn !== active.viewColumn,
  );
  return other?.viewColumn ?? vscode.ViewColumn.Beside;
}

/** Opens the file with the cursor at the start of the 1-based line and the line in the middle of the view. */
export async function showSource(path: string, line: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  const position = new vscode.Position(Math.min(Math.max(line, 1), document.lineCount) - 1, 0);
  const editor = await vscode.window.showTextDocument(document, { viewColumn: sourceColumn() });
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenter);
}
