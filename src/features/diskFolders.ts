import * as vscode from "vscode";

/** Paths of the workspace's folders on this machine's disk, in their order. */
export const diskFolders = (): readonly string[] =>
  (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
