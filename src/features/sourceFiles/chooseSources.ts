/** Asks where the sources of a trace are, and remembers the answer in the setting `bootscope.sourceMap`. */
import * as vscode from "vscode";
import { setting, updateSetting } from "../settings";
import { fromDisk } from "./localDisk";
import type { SourceLocator } from "./sourceLocator";
import { baseName, below, type Mapping } from "./sourcePaths";

const chooseFolder = "Choose Folder…";
const chooseAnother = "Choose Another Folder…";

/** The last components of a debug path, enough to recognize it. */
const shortName = (debugPath: string): string => debugPath.split("/").slice(-3).join("/");

/** The folder as the setting keeps it: relative to the workspace where it can be, so that the setting can be shared. */
function portable(folder: string): string {
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.path;
  if (workspace === undefined) return vscode.Uri.file(folder).fsPath;
  if (folder === workspace) return "${workspaceFolder}";
  const rest = below(folder, workspace);
  return rest === undefined ? vscode.Uri.file(folder).fsPath : `\${workspaceFolder}/${rest}`;
}

/** Adds the mapping to the setting. */
async function rememberMapping({ prefix, folder }: Mapping): Promise<void> {
  await updateSetting("sourceMap", { ...setting("sourceMap"), [prefix]: portable(folder) });
}

/**
 * Lets the user choose the folder that holds the file, again and again until it does or the user gives up.
 *
 * @returns whether a mapping was stored
 */
export async function chooseSourceFolder(locator: SourceLocator, debugPath: string): Promise<boolean> {
  for (;;) {
    const [chosen] =
      (await vscode.window.showOpenDialog({
        title: `Folder of the sources with ${shortName(debugPath)}`,
        openLabel: "Use These Sources",
        canSelectFiles: false,
        canSelectFolders: true,
      })) ?? [];
    if ((chosen as vscode.Uri | undefined) === undefined) return false;
    const mapping = await locator.derive(debugPath, fromDisk(chosen.fsPath));
    if (mapping !== undefined) {
      await rememberMapping(mapping);
      return true;
    }
    const answer = await vscode.window.showWarningMessage(
      `${baseName(chosen.path)} does not contain ${shortName(debugPath)}. ` +
        "Choose the root of the source tree that the kernel was built from.",
      chooseAnother,
    );
    if (answer !== chooseAnother) return false;
  }
}

/** Says that a source file was not found and offers to choose where it is. True when a folder was chosen. */
export async function askForSources(locator: SourceLocator, debugPath: string): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(
    `${shortName(debugPath)} was not found. Choose the folder with the sources that the kernel was built from.`,
    chooseFolder,
  );
  return answer === chooseFolder && (await chooseSourceFolder(locator, debugPath));
}

/** Lets the user choose among source trees that all have the file, and remembers the tree. The file, or undefined. */
export async function chooseTree(
  locator: SourceLocator,
  debugPath: string,
  files: readonly string[],
): Promise<string | undefined> {
  const items = files.map((file) => ({ label: vscode.workspace.asRelativePath(vscode.Uri.file(file), true), file }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Which ${shortName(debugPath)}?`,
    placeHolder: "Several source trees have this file. The choice is kept in the setting bootscope.sourceMap.",
  });
  if (chosen === undefined) return undefined;
  const mapping = await locator.derive(debugPath, chosen.file.slice(0, chosen.file.lastIndexOf("/")));
  if (mapping !== undefined) await rememberMapping(mapping);
  return chosen.file;
}
