/** Runs the task that builds QEMU, and waits for its end. */
import * as vscode from "vscode";
import { setting, updateSetting } from "../settings";

const taskName = ({ name, source }: vscode.Task): string => (source === "Workspace" ? name : `${source}: ${name}`);

/** The configured task; asks for one when none is configured or it is gone. Undefined when the user chooses none. */
export async function buildTask(): Promise<vscode.Task | undefined> {
  const tasks = await vscode.tasks.fetchTasks();
  const wanted = setting("traceEvents.buildTask").trim();
  const configured = tasks.find((task) => task.name === wanted || taskName(task) === wanted);
  if (wanted !== "" && configured !== undefined) return configured;
  const choose = "Choose Task…";
  const why = wanted === "" ? "No task is set up to build QEMU." : `There is no task “${wanted}”.`;
  const answer = await vscode.window.showWarningMessage(
    `${why} Choose the task that builds the QEMU you boot with.`,
    choose,
  );
  if (answer !== choose) return undefined;
  const items = tasks.map((task) => ({ label: taskName(task), description: task.detail ?? "", task }));
  if (items.length === 0) {
    await vscode.window.showInformationMessage("The workspace has no tasks. Add one to .vscode/tasks.json first.");
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(items, { title: "Task That Builds QEMU" });
  if (chosen === undefined) return undefined;
  await updateSetting("traceEvents.buildTask", chosen.label);
  return chosen.task;
}

/**
 * Runs the task to its end.
 *
 * @returns its exit code, or undefined when it was stopped
 */
export async function runToEnd(task: vscode.Task, token: vscode.CancellationToken): Promise<number | undefined> {
  const subscriptions: vscode.Disposable[] = [];
  try {
    // A short task may end before VS Code says that it has begun: what ends is remembered from the start.
    const codes = new Map<vscode.TaskExecution, number | undefined>();
    const ended = new Set<vscode.TaskExecution>();
    let wake = (): void => undefined;
    subscriptions.push(
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        codes.set(execution, exitCode);
      }),
      vscode.tasks.onDidEndTask(({ execution }) => {
        ended.add(execution);
        wake();
      }),
    );
    const execution = await vscode.tasks.executeTask(task);
    subscriptions.push(token.onCancellationRequested(() => execution.terminate()));
    while (!ended.has(execution)) await new Promise<void>((resolve) => (wake = resolve));
    return codes.get(execution);
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}
