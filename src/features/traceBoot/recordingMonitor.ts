/** Follows recordings, whoever started their task: shows progress with Cancel, then how each ended. */
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { toFailure } from "../../protocol/failure";
import type { Services } from "../services";
import { setting } from "../settings";
import type { Ending } from "./ending";
import { showOutcome } from "./outcome";
import { progressText, recentSamples, type Sample } from "./progressText";
import { Recording } from "./recording";
import { reportOf } from "./recordingTasks";

/** Milliseconds between two looks at a running recording. */
const interval = 500;

export class RecordingMonitor implements vscode.Disposable {
  /** Recordings that run, by their report file. */
  private readonly running = new Map<string, Recording>();
  /** Who waits for the end of a task, by its report file. */
  private readonly waiting = new Map<string, (ending: Ending | undefined) => void>();
  private readonly subscriptions: vscode.Disposable;

  constructor(private readonly services: Services) {
    this.subscriptions = vscode.Disposable.from(
      vscode.tasks.onDidStartTaskProcess(({ execution, processId }) => this.started(execution, processId)),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => this.finished(execution, exitCode)),
      // A terminal that is closed ends its task without an end of the process.
      vscode.tasks.onDidEndTask(({ execution }) => this.finished(execution, undefined)),
    );
    // Tasks outlive a reload of the window.
    for (const execution of vscode.tasks.taskExecutions) this.started(execution, undefined);
  }

  /** The recording that runs now, if one does. */
  get current(): Recording | undefined {
    return this.running.values().next().value;
  }

  /** Runs a recording's task to its end. Undefined: it ended before its process began. */
  async run(task: vscode.Task): Promise<Ending | undefined> {
    const report = reportOf(task);
    if (report === undefined) throw new Error(`${task.name} is not a recording`);
    const ending = new Promise<Ending | undefined>((resolve) => this.waiting.set(report, resolve));
    try {
      await vscode.tasks.executeTask(task);
      return await ending;
    } finally {
      this.waiting.delete(report);
    }
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private started(execution: vscode.TaskExecution, processId: number | undefined): void {
    const report = reportOf(execution.task);
    if (report === undefined) return;
    const recording = new Recording(execution, report, processId, this.services.log);
    this.running.set(report, recording);
    this.updateContext();
    this.follow(recording, report).catch((error: unknown) => this.logFailure(error));
  }

  private finished(execution: vscode.TaskExecution, exitCode: number | undefined): void {
    const report = reportOf(execution.task);
    if (report === undefined) return;
    const recording = this.running.get(report);
    if (recording === undefined) this.waiting.get(report)?.(undefined);
    else recording.finished(exitCode);
  }

  private async follow(recording: Recording, report: string): Promise<void> {
    const failed = (error: unknown): void => this.logFailure(error);
    const onBlocks = (trace: string): void => this.showWhileItGrows(trace);
    showProgress(recording, onBlocks, failed).then(undefined, failed);
    const ending = await recording.ended;
    this.running.delete(report);
    this.updateContext();
    this.services.log.info(`${recording.name}: ${JSON.stringify(ending)}`);
    this.waiting.get(report)?.(ending);
    await showOutcome(this.services, recording, ending);
  }

  /** Opens a trace that has its first blocks: its editor fills while QEMU runs, and takes no key from the guest's console. */
  private showWhileItGrows(trace: string): void {
    const uri = vscode.Uri.file(trace);
    if (setting("trace.follow", uri) !== "auto") return;
    this.services.traces.showAside(uri).then(undefined, (error: unknown) => this.logFailure(error));
  }

  private logFailure(error: unknown): void {
    this.services.log.error(`Trace Boot: ${toFailure(error).message}`);
  }

  private updateContext(): void {
    void vscode.commands.executeCommand("setContext", "bootscope.isRecording", this.running.size > 0);
  }
}

/**
 * A cancellable notification that lasts as long as the recording.
 * @param onBlocks is told the trace file once there are blocks in it
 */
function showProgress(
  recording: Recording,
  onBlocks: (trace: string) => void,
  failed: (error: unknown) => void,
): Thenable<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: "Recording the boot", cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    let running = true;
    token.onCancellationRequested(() => {
      progress.report({ message: "closing the trace" });
      recording.cancel().catch(failed);
    });
    const end = recording.ended.finally(() => {
      running = false;
    });
    let samples: Sample[] = [];
    while (running) {
      const sample = await recording.sample();
      const hadBlocks = samples.some(({ executions }) => executions > 0);
      if (sample !== undefined) samples = recentSamples(samples, sample);
      const { traceFile } = recording;
      if (!hadBlocks && traceFile !== undefined && (sample?.executions ?? 0) > 0) onBlocks(traceFile);
      const message = samples.length === 0 ? "preparing" : progressText(recording.startedAt, samples);
      if (!token.isCancellationRequested) progress.report({ message });
      await Promise.race([end, sleep(interval)]);
    }
  });
}
