/** The command "Bootscope: Trace Boot". */
import * as vscode from "vscode";
import { failureText, toFailure } from "../../protocol/failure";
import type { Services } from "../services";
import { planBoot } from "./bootPlanner";
import { readBootSettings } from "./bootSettings";
import type { Ending } from "./ending";
import { chooseKernel } from "./kernels";
import type { RecordingMonitor } from "./recordingMonitor";
import type { RecordingTasks } from "./recordingTasks";

/**
 * Boots a kernel and opens its trace. Asks only for what cannot be found.
 * @returns How the recording ended; undefined when none was started.
 */
export async function traceBoot(
  services: Services,
  tasks: RecordingTasks,
  monitor: RecordingMonitor,
): Promise<Ending | undefined> {
  try {
    // The palette hides the command in an untrusted workspace, but anything can still call it.
    if (!(await workspaceIsTrusted()) || !(await nothingRuns(monitor))) return undefined;
    const settings = readBootSettings();
    const kernel = await chooseKernel(settings);
    if (kernel === undefined) return undefined;
    const plan = await planBoot(services.context, settings, kernel);
    services.log.info(`Trace Boot: ${JSON.stringify(plan)}`);
    return await monitor.run(tasks.create(plan));
  } catch (error) {
    const text = failureText(toFailure(error));
    services.log.error(`Trace Boot: ${text}`);
    void vscode.window.showErrorMessage(`Trace Boot could not start. ${text}`);
    return undefined;
  }
}

async function workspaceIsTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  const answer = await vscode.window.showWarningMessage(
    "Trace Boot starts QEMU and a compiler with settings of this workspace, so the workspace must be trusted first.",
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

/** Offers what can be done with a recording that is still running. True: another may start. */
async function nothingRuns(monitor: RecordingMonitor): Promise<boolean> {
  const recording = monitor.current;
  if (recording === undefined) return true;
  const show = "Show Terminal";
  const cancel = "Cancel It";
  const answer = await vscode.window.showInformationMessage("A boot is being recorded already.", show, cancel);
  if (answer === show) await recording.showTerminal();
  if (answer === cancel) await recording.cancel();
  return false;
}
