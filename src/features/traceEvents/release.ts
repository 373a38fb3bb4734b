/** Which QEMU a trace-events file belongs to: the nearest VERSION file above it says so. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type * as vscode from "vscode";
import { parseRelease, type Release } from "../../qemu/traceEventRules";

/** QEMU's deepest folder with events has five levels. */
const maximumLevels = 8;

/** The release of the source tree, or null for files outside one. */
export async function releaseOf(document: vscode.TextDocument): Promise<Release | null> {
  if (document.uri.scheme !== "file") return null;
  let folder = path.dirname(document.uri.fsPath);
  for (let level = 0; level < maximumLevels; level++) {
    const text = await readFile(path.join(folder, "VERSION"), "utf8").catch(() => "");
    const release = parseRelease(text.slice(0, 100));
    if (release !== null) return release;
    const parent = path.dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
  return null;
}
