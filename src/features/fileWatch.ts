/** Tells when an open trace's file is replaced, grows or goes away. */
import { stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { FileChange } from "../protocol/page";

/** What tells one state of a file from another. Null: there is no such file. */
interface Stamp {
  readonly size: number;
  readonly mtimeMs: number;
}

async function stampOf(file: string): Promise<Stamp | null> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { size, mtimeMs };
  } catch {
    return null;
  }
}

export class FileWatch implements vscode.Disposable {
  private readonly watcher: vscode.FileSystemWatcher;
  private opened: Stamp | null = null;

  constructor(
    private readonly file: string,
    private readonly onChange: (change: FileChange) => void,
  ) {
    // The name is compared here instead of in the glob: a file name may hold glob characters.
    const folder = vscode.Uri.file(path.dirname(file));
    this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, "*"));
    const look = (uri: vscode.Uri): void => {
      if (uri.fsPath === file) void this.look();
    };
    this.watcher.onDidChange(look);
    this.watcher.onDidCreate(look);
    this.watcher.onDidDelete(look);
  }

  /** Takes the file as it is now as the one that is open. */
  async reset(): Promise<void> {
    this.opened = await stampOf(this.file);
  }

  dispose(): void {
    this.watcher.dispose();
  }

  private async look(): Promise<void> {
    const now = await stampOf(this.file);
    if (now === null) this.onChange("deleted");
    else if (now.size !== this.opened?.size || now.mtimeMs !== this.opened.mtimeMs) this.onChange("changed");
  }
}
