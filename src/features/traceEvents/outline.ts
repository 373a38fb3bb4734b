/** The outline of a trace-events file: its events, grouped by the source files that its comments announce. */
import * as vscode from "vscode";
import { isDisabled, parseTraceLine, sectionOf } from "../../qemu/traceEvents";
import { linesOf } from "./languages";

export class EventOutline implements vscode.DocumentSymbolProvider {
  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    const top: vscode.DocumentSymbol[] = [];
    let section: vscode.DocumentSymbol | undefined;
    let row = -1;
    for (const text of linesOf(document)) {
      row++;
      const line = parseTraceLine(text);
      const range = new vscode.Range(row, 0, row, text.length);
      if (line.kind === "comment") {
        const file = sectionOf(line.text);
        if (file === undefined) continue;
        section = new vscode.DocumentSymbol(file, "", vscode.SymbolKind.File, range, range);
        top.push(section);
      } else if (line.kind === "event") {
        const detail = isDisabled(line) ? "disabled" : line.argumentList.text;
        const name = new vscode.Range(row, line.name.start, row, line.name.end);
        const symbol = new vscode.DocumentSymbol(line.name.text, detail, vscode.SymbolKind.Event, range, name);
        if (section === undefined) top.push(symbol);
        else {
          section.children.push(symbol);
          section.range = section.range.union(range);
        }
      }
    }
    return top;
  }
}
