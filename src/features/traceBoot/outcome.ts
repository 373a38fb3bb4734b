/** Tells a person how a recording ended, and offers what can be done next. */
import { rm, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { type FailureCode, failureText } from "../../protocol/failure";
import { formatBytes } from "../../protocol/format";
import type { Services } from "../services";
import type { Ending, PartialTrace } from "./ending";
import type { Recording } from "./recording";

const openPartial = "Open What Was Recorded";
const deletePartial = "Delete It";
const showTerminal = "Show Terminal";
const openSettings = "Open Settings";
const openLog = "Open Log";

/** Opens the finished trace, or says why there is none. Resolves when the person has answered. */
export async function showOutcome(services: Services, recording: Recording, ending: Ending): Promise<void> {
  switch (ending.kind) {
    case "finished":
      await services.traces.show(vscode.Uri.file(ending.trace));
      return tellEventLog(ending.eventLog);
    case "cancelled":
      return tellCancelled(services, ending.partial);
    case "failed":
      return tellFailure(services, recording, ending);
  }
}

async function tellEventLog(log: string | null): Promise<void> {
  if (log === null) return;
  const bytes = await stat(log).then(
    (status) => status.size,
    () => 0,
  );
  const text =
    bytes > 0
      ? `QEMU's trace events of this boot are in ${path.basename(log)} (${formatBytes(bytes)}).`
      : `QEMU logged no trace event in this boot (${log} is empty). A QEMU built with the "simple" backend writes trace-<pid> where it was started instead.`;
  const answer = await vscode.window.showInformationMessage(text, ...(bytes > 0 ? [openLog] : []));
  if (answer === openLog) await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(log));
}

async function tellCancelled(services: Services, partial: PartialTrace | null): Promise<void> {
  if (partial === null) {
    await vscode.window.showInformationMessage("The recording was cancelled before the guest ran.");
    return;
  }
  const text = `The recording was cancelled. What was recorded until then (${formatBytes(partial.fileBytes)}) is valid.`;
  const answer = await vscode.window.showInformationMessage(text, openPartial, deletePartial);
  if (answer === openPartial) await services.traces.show(vscode.Uri.file(partial.path));
  if (answer === deletePartial) {
    await services.traces.close(vscode.Uri.file(partial.path));
    await rm(partial.path, { force: true });
  }
}

/** Settings that may mend a failure. */
const settingsFor: Partial<Record<FailureCode, string>> = {
  "no-qemu": "bootscope.qemu.path",
  "no-plugin-support": "bootscope.qemu.path",
  "no-kernel": "bootscope.traceBoot.kernel",
  "not-found": "bootscope.traceBoot",
  "qemu-failed": "bootscope.traceBoot",
  unwritable: "bootscope.traceBoot.outputFolder",
};

async function tellFailure(
  services: Services,
  recording: Recording,
  { failure, partial }: Extract<Ending, { kind: "failed" }>,
): Promise<void> {
  const settings = settingsFor[failure.code];
  const buttons = [
    showTerminal,
    ...(settings === undefined ? [] : [openSettings]),
    ...(partial === null ? [] : [openPartial]),
  ];
  const answer = await vscode.window.showErrorMessage(failureText(failure), ...buttons);
  if (answer === showTerminal) await recording.showTerminal();
  if (answer === openSettings) await vscode.commands.executeCommand("workbench.action.openSettings", settings);
  if (answer === openPartial && partial !== null) await services.traces.show(vscode.Uri.file(partial.path));
}
