/** Finds and opens the source files that debug information names. */
import * as vscode from "vscode";
import { failureText, toFailure } from "../../protocol/failure";
import type { OpenTraces, SourceFiles } from "../services";
import { affects, setting, settingPath } from "../settings";
import { askForSources, chooseSourceFolder, chooseTree } from "./chooseSources";
import { fromDisk, localDisk } from "./localDisk";
import { showSource } from "./showSource";
import { SourceLocator } from "./sourceLocator";
import { parseSourceMap } from "./sourcePaths";

export { activateSourceMapping } from "./mapSources";

/** Takes the setting `bootscope.sourceMap` and the workspace folders as they are now, and a folder beside them. */
function configure(locator: SourceLocator, beside: string | undefined): void {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const roots = folders.map(({ uri }) => uri.path);
  locator.configure(
    parseSourceMap(setting("sourceMap", folders.at(0)?.uri), (folder) => fromDisk(settingPath(folder))),
    beside === undefined ? roots : [...roots, beside],
  );
}

/** The folder of a trace that is not in the workspace: its sources may lie beside it, as those of the sample do. */
function folderOutside(trace: vscode.Uri | undefined): string | undefined {
  if (trace?.scheme !== "file" || vscode.workspace.getWorkspaceFolder(trace) !== undefined) return undefined;
  return vscode.Uri.joinPath(trace, "..").path;
}

export function createSourceFiles(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  traces: OpenTraces,
): SourceFiles {
  const locator = new SourceLocator(localDisk);
  const changed = new vscode.EventEmitter<void>();
  let beside = folderOutside(traces.active?.uri);
  const reconfigure = (): void => {
    beside = folderOutside(traces.active?.uri);
    configure(locator, beside);
    changed.fire();
  };
  configure(locator, beside);
  context.subscriptions.push(
    changed,
    vscode.workspace.onDidChangeWorkspaceFolders(reconfigure),
    traces.onDidChangeActive(() => {
      if (folderOutside(traces.active?.uri) !== beside) reconfigure();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (affects(event, "sourceMap")) reconfigure();
    }),
  );

  let asking = false;
  /** One question at a time: while one is on the screen, further clicks do not pile up more. */
  async function ask(debugPath: string, line: number): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      if (!(await askForSources(locator, debugPath))) return;
    } finally {
      asking = false;
    }
    await open(debugPath, line);
  }

  function report(thrown: unknown): void {
    log.error(thrown instanceof Error ? thrown : String(thrown));
    void vscode.window.showErrorMessage(`The source file could not be opened: ${failureText(toFailure(thrown))}`);
  }

  async function open(debugPath: string, line: number): Promise<void> {
    const files = await locator.locate(debugPath);
    if (files.length === 0) {
      log.info(`Source not found: ${debugPath}`);
      ask(debugPath, line).catch(report);
      return;
    }
    const file = files.length === 1 ? files[0] : await chooseTree(locator, debugPath, files);
    if (file !== undefined) await showSource(file, line).catch(report);
  }

  return {
    open,
    chooseFolder: (debugPath) => chooseSourceFolder(locator, debugPath),
    onDidChange: changed.event,
    async locate(debugPath) {
      const files = await locator.locate(debugPath);
      return files.length === 1 ? vscode.Uri.file(files[0]) : undefined;
    },
    async debugPathOf(document, candidates) {
      return document.scheme === "file" ? locator.debugPathOf(document.path, candidates) : undefined;
    },
  };
}
