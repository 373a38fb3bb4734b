/** One recording that runs as a task: how far it is, and how to stop it without leaving a process behind. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { readRecordReport } from "../../qemu/recordReport";
import { type Ending, endingOf } from "./ending";
import { readLiveCounters } from "../../qemu/liveCounters";
import { ensureGone, type ProcessStatus, processTree, signal } from "./processes";
import type { Sample } from "./progressText";

/** How long the recorder may take to end QEMU and close the trace, in milliseconds. */
const patience = 8000;

export class Recording {
  readonly startedAt = performance.now();
  /** Resolves when nothing of the recording runs any more. */
  readonly ended: Promise<Ending>;
  /** The trace file, once the recorder has said which. */
  private trace: string | undefined;
  /** The recorder, QEMU and whatever else they started, as seen last. */
  private processes: readonly ProcessStatus[] = [];
  private exitCode: number | undefined;
  private cancelled = false;
  private markFinished!: () => void;

  /**
   * @param report The file of `bootscope record --report`.
   * @param processId The recorder's process; undefined when the task was already running as this window opened.
   */
  constructor(
    private readonly execution: vscode.TaskExecution,
    private readonly report: string,
    private processId: number | undefined,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const finished = new Promise<void>((resolve) => {
      this.markFinished = resolve;
    });
    this.ended = finished.then(() => this.conclude());
  }

  get name(): string {
    return this.execution.task.name;
  }

  /** The trace file; undefined while the recorder prepares. */
  get traceFile(): string | undefined {
    return this.trace;
  }

  /** VS Code says that the task has ended. */
  finished(exitCode: number | undefined): void {
    this.exitCode ??= exitCode;
    this.markFinished();
  }

  /** The recording as it is now; undefined while the recorder prepares. */
  async sample(): Promise<Sample | undefined> {
    if (this.trace === undefined) {
      const report = await readRecordReport(this.report);
      if (report?.state !== "recording") return undefined;
      this.trace = report.trace;
      this.processId = report.pid;
      this.processes = await processTree(report.pid);
    }
    const counters = await readLiveCounters(this.trace);
    return counters && { at: performance.now(), ...counters };
  }

  /** Has the recorder end QEMU and close the trace. Resolves as `ended` does. */
  async cancel(): Promise<Ending> {
    if (!this.cancelled) {
      this.cancelled = true;
      await this.stop();
    }
    return this.ended;
  }

  private async stop(): Promise<void> {
    await this.sample();
    if (this.processId !== undefined) this.processes = await processTree(this.processId);
    const recorder = this.processes.at(0);
    if (recorder !== undefined) {
      signal(recorder.pid, "SIGTERM");
      if ((await Promise.race([this.ended, sleep(patience, "late", { ref: false })])) !== "late") return;
    }
    this.execution.terminate();
  }

  private async conclude(): Promise<Ending> {
    // A terminal that is closed ends the task before the recorder has closed the trace, maybe before the first sample.
    await this.sample();
    if (this.processes.length === 0 && this.processId !== undefined) {
      this.processes = await processTree(this.processId);
    }
    for (const { pid } of await ensureGone(this.processes, patience)) {
      this.log.warn(`Process ${pid} of the recording did not end by itself and was killed.`);
    }
    const report = await readRecordReport(this.report);
    await rm(this.report, { force: true });
    const trace = report?.trace ?? this.trace ?? null;
    const counters = trace === null ? undefined : await readLiveCounters(trace);
    return endingOf({ report, trace, counters, exitCode: this.exitCode, cancelled: this.cancelled });
  }

  /** Brings the terminal with the guest's console to front, if it is still there. */
  async showTerminal(): Promise<void> {
    for (const terminal of vscode.window.terminals) {
      if (terminal.name === this.name || (await terminal.processId) === this.processId) {
        terminal.show();
        return;
      }
    }
    await vscode.commands.executeCommand("workbench.action.terminal.focus");
  }
}
