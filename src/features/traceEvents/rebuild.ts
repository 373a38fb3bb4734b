/** The command "Rebuild QEMU and Trace Boot". */
import * as vscode from "vscode";
import { buildTask, runToEnd } from "./buildTask";
import { isGenerated, linesOf, traceEventsLanguage } from "./languages";
import { chosenQemu, eventsOfQemu } from "./qemuEvents";
import { listNames, rebuildNeed, type RebuildNeed } from "./rebuildNeed";

const traceBoot = "Trace Boot";
const rebuildAnyway = "Rebuild Anyway";
const bootAnyway = "Trace Boot Anyway";

/** Open trace-events files, saved: the build reads them from disk. */
async function openFiles(): Promise<vscode.TextDocument[]> {
  const documents = vscode.workspace.textDocuments.filter(({ languageId }) => languageId === traceEventsLanguage);
  for (const document of documents) if (document.isDirty) await document.save();
  return documents;
}

async function currentNeed(): Promise<RebuildNeed> {
  const files = await openFiles();
  return rebuildNeed(
    files.map((document) => ({ lines: linesOf(document), generated: isGenerated(document) })),
    await eventsOfQemu(),
  );
}

/** Builds with progress. True when the build ended well. */
async function build(): Promise<boolean> {
  const task = await buildTask();
  if (task === undefined) return false;
  const code = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Building QEMU (task “${task.name}”)`, cancellable: true },
    (_, token) => runToEnd(task, token),
  );
  if (code === 0) return true;
  const how = code === undefined ? "was stopped" : `failed with exit code ${code}`;
  void vscode.window.showErrorMessage(`The task “${task.name}” ${how}. Nothing was booted; its terminal says why.`);
  return false;
}

/** Whether to boot: asks when the new QEMU still lacks what was enabled. */
async function isBuilt(): Promise<boolean> {
  const { compiledOut, missing } = await currentNeed();
  const still = [...compiledOut, ...missing];
  if (still.length === 0) return true;
  const answer = await vscode.window.showWarningMessage(
    `${await chosenQemu()} still has no ${listNames(still)}. ` +
      "If the task builds another QEMU, set bootscope.qemu.path to that one.",
    bootAnyway,
  );
  return answer === bootAnyway;
}

/** Rejects with BootscopeError when QEMU cannot be asked. */
export async function rebuildAndTraceBoot(): Promise<void> {
  const { compiledOut, missing } = await currentNeed();
  if (compiledOut.length + missing.length === 0) {
    const answer = await vscode.window.showInformationMessage(
      "No rebuild is needed: every enabled event is already in this QEMU.",
      traceBoot,
      rebuildAnyway,
    );
    if (answer === traceBoot || (answer === rebuildAnyway && (await build()))) {
      await vscode.commands.executeCommand("bootscope.traceBoot");
    }
    return;
  }
  if ((await build()) && (await isBuilt())) await vscode.commands.executeCommand("bootscope.traceBoot");
}
