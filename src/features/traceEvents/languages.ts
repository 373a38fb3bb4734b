/** The languages of QEMU's trace-events files and of event lists, as package.json declares them. */
import type * as vscode from "vscode";

export const traceEventsLanguage = "qemu-trace-events";
export const eventListLanguage = "qemu-event-list";

/** Files that QEMU's build puts together from the `trace-events` of all folders. */
export const isGenerated = (document: vscode.TextDocument): boolean => document.uri.path.endsWith("/trace-events-all");

/** The lines of a document, without their ends. */
export function* linesOf(document: vscode.TextDocument): Generator<string> {
  for (let line = 0; line < document.lineCount; line++) yield document.lineAt(line).text;
}
