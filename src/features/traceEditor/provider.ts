/** The custom editor of trace files. Documents hold no bytes: the engine reads the file. */
import type * as vscode from "vscode";
import type { TraceSession } from "../traceSession";
import { TraceEditor, type EditorSurroundings } from "./traceEditor";

/** A trace file with at least one editor. */
class TraceDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    readonly session: TraceSession,
    private readonly release: () => void,
  ) {}

  dispose(): void {
    this.release();
  }
}

export class TraceEditorProvider implements vscode.CustomReadonlyEditorProvider<TraceDocument> {
  constructor(private readonly around: EditorSurroundings) {}

  openCustomDocument(uri: vscode.Uri): TraceDocument {
    const session = this.around.registry.acquire(uri);
    return new TraceDocument(uri, session, () => this.around.registry.release(session));
  }

  resolveCustomEditor(document: TraceDocument, panel: vscode.WebviewPanel): void {
    const editor = new TraceEditor(document.session, panel, this.around);
    panel.onDidDispose(() => editor.dispose());
  }
}
