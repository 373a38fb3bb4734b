/** The disk of the machine that the extension runs on, in the paths of `vscode.Uri.path`. */
import { readdir, realpath, stat } from "node:fs/promises";
import * as vscode from "vscode";
import type { Disk } from "./sourceLocator";

const toDisk = (path: string): string => vscode.Uri.file(path).fsPath;

/** The form that all paths of this folder have: slashes, and on Windows a leading one. */
export const fromDisk = (path: string): string => vscode.Uri.file(path).path;

export const localDisk: Disk = {
  async isFile(path) {
    try {
      return (await stat(toDisk(path))).isFile();
    } catch {
      return false;
    }
  },

  async foldersIn(path) {
    try {
      const entries = await readdir(toDisk(path), { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
    } catch {
      return [];
    }
  },

  async realPath(path) {
    try {
      return fromDisk(await realpath(toDisk(path)));
    } catch {
      return path;
    }
  },
};
