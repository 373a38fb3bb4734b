/** The task type "bootscope": one recording in a terminal, which is the guest's console. */
import path from "node:path";
import * as vscode from "vscode";
import { planBoot } from "./bootPlanner";
import { readBootSettings } from "./bootSettings";
import { settingPath } from "../settings";
import { findBootableKernels } from "./kernels";
import type { Preset } from "../../qemu/commandLine";
import { type BootPlan, recordArguments } from "./recordArguments";

/** What a person may write into tasks.json (package.json, taskDefinitions). */
interface RecordingDefinition extends vscode.TaskDefinition {
  readonly kernel?: string;
  readonly preset?: Preset;
}

export class RecordingTasks implements vscode.TaskProvider {
  static readonly type = "bootscope";

  constructor(private readonly context: vscode.ExtensionContext) {}

  /** One task per preset for the kernel that Trace Boot would take without asking. */
  async provideTasks(): Promise<vscode.Task[]> {
    const settings = readBootSettings();
    const kernels = await findBootableKernels(settings);
    if (kernels.length === 0) return [];
    const presets: readonly Preset[] = ["deterministic", "fast"];
    return Promise.all(
      presets.map(async (preset) => {
        const plan = await planBoot(this.context, settings, kernels[0], preset);
        return this.create(plan, { type: RecordingTasks.type, preset }, `Trace Boot (${preset})`);
      }),
    );
  }

  /** Fills in what a task of tasks.json leaves out. */
  async resolveTask(task: vscode.Task): Promise<vscode.Task> {
    const definition = task.definition as RecordingDefinition;
    const settings = readBootSettings();
    const kernel =
      definition.kernel === undefined ? (await findBootableKernels(settings)).at(0) : settingPath(definition.kernel);
    return this.create(await planBoot(this.context, settings, kernel, definition.preset), definition, task.name);
  }

  /** The task for a plan. `ELECTRON_RUN_AS_NODE` makes a desktop VS Code's own program the Node that runs the recorder. */
  create(
    plan: BootPlan,
    definition: vscode.TaskDefinition = { type: RecordingTasks.type },
    name = "Trace Boot",
  ): vscode.Task {
    const cli = path.join(this.context.extensionPath, "dist", "cli.js");
    const execution = new vscode.ProcessExecution(process.execPath, [cli, ...recordArguments(plan)], {
      env: { ELECTRON_RUN_AS_NODE: "1" },
    });
    const scope = vscode.workspace.workspaceFolders?.[0] ?? vscode.TaskScope.Global;
    const task = new vscode.Task(definition, scope, name, "Bootscope", execution, []);
    task.presentationOptions = {
      reveal: vscode.TaskRevealKind.Always,
      panel: vscode.TaskPanelKind.Dedicated,
      clear: true,
      // The command line that says something, QEMU's, is what the recorder itself prints.
      echo: false,
      showReuseMessage: false,
    };
    return task;
  }
}

/** The report file of a task that is a recording, read from its own arguments; undefined for every other task. */
export function reportOf({ definition, execution }: vscode.Task): string | undefined {
  if (definition.type !== RecordingTasks.type || !(execution instanceof vscode.ProcessExecution)) return undefined;
  const option = "--report=";
  return execution.args.find((argument) => argument.startsWith(option))?.slice(option.length);
}
