/**
 * Trace Boot: boots the workspace's kernel under QEMU with the recorder, in a terminal, and opens the trace.
 *
 * The recording itself is the task "bootscope" (`bootscope record` in a terminal); whether the command or "Run Task"
 * started it, `RecordingMonitor` sees it start, shows its progress and says how it ended.
 */
import * as vscode from "vscode";
import type { Services } from "../services";
import { RecordingMonitor } from "./recordingMonitor";
import { RecordingTasks } from "./recordingTasks";
import { traceBoot } from "./traceBootCommand";

export function activateTraceBoot(services: Services): void {
  const tasks = new RecordingTasks(services.context);
  const monitor = new RecordingMonitor(services);
  services.context.subscriptions.push(
    monitor,
    vscode.tasks.registerTaskProvider(RecordingTasks.type, tasks),
    vscode.commands.registerCommand("bootscope.traceBoot", () => traceBoot(services, tasks, monitor)),
    vscode.commands.registerCommand("bootscope.cancelTraceBoot", () => monitor.current?.cancel()),
  );
}
