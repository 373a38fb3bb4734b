/** The commands "Enable Event" and "Disable Event": they edit the document, so that undo and save work as ever. */
import * as vscode from "vscode";
import { disableEdits, enableEdits, type LineEdit } from "../../qemu/traceEventEdits";
import { parseListLine } from "../../qemu/traceEventList";
import { eventListLanguage, isGenerated, traceEventsLanguage } from "./languages";

export type Direction = "enable" | "disable";

/** In an event list `-` in front of a name switches it off. */
function listEdits(text: string, direction: Direction): LineEdit[] {
  const entry = parseListLine(text);
  if (entry === undefined || entry.off === (direction === "disable")) return [];
  const { start } = entry;
  return direction === "disable" ? [{ start, end: start, text: "-" }] : [{ start: start - 1, end: start, text: "" }];
}

function editsOf(document: vscode.TextDocument, row: number, direction: Direction): vscode.TextEdit[] {
  const { text } = document.lineAt(row);
  const edits =
    document.languageId === eventListLanguage
      ? listEdits(text, direction)
      : direction === "enable"
        ? enableEdits(text)
        : disableEdits(text);
  return edits.map((edit) => vscode.TextEdit.replace(new vscode.Range(row, edit.start, row, edit.end), edit.text));
}

/** The rows that the command is for: the one given, else all rows that the selections touch. */
function rowsOf(editor: vscode.TextEditor): number[] {
  const rows = new Set<number>();
  for (const { start, end } of editor.selections) {
    for (let row = start.line; row <= end.line; row++) rows.add(row);
  }
  return [...rows];
}

let saidGenerated = false;

/**
 * Enables or disables events.
 *
 * @param uri and row (from 0) of one event; without them those at the cursors of the active editor
 */
export async function editEvents(direction: Direction, uri?: vscode.Uri, row?: number): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const document = uri === undefined ? editor?.document : await vscode.workspace.openTextDocument(uri);
  const rows = row !== undefined ? [row] : editor === undefined ? [] : rowsOf(editor);
  if (document?.languageId !== traceEventsLanguage && document?.languageId !== eventListLanguage) {
    await vscode.window.showInformationMessage("Open a trace-events file of QEMU and put the cursor on an event.");
    return;
  }
  const edits = rows.filter((at) => at < document.lineCount).flatMap((at) => editsOf(document, at, direction));
  if (edits.length === 0) {
    const state = direction === "enable" ? "enabled" : "disabled";
    vscode.window.setStatusBarMessage(`No event here that is not ${state} already.`, 5000);
    return;
  }
  const change = new vscode.WorkspaceEdit();
  change.set(document.uri, edits);
  await vscode.workspace.applyEdit(change);
  if (isGenerated(document) && !saidGenerated) {
    saidGenerated = true;
    void vscode.window.showInformationMessage(
      "trace-events-all is made from the trace-events files of QEMU's source. Edit those to change what a build contains.",
    );
  }
}
