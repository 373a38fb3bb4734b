/** One recording that runs as a task: how far it is, and how to stop it without leaving a process behind. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { readRecordReport } from "../../qemu/recordReport";
import { type Ending, endingOf } from "./ending";
import { readLiveCounters } from "./liveCounters";
import { ensureGone, processTree, signal } from "./processes";
import type { Sample } from "./progressText";

/** How long the recorder may take to end QEMU and close the trace before its terminal is closed. */
const patience = 8000;

export class Recording {
  readonly startedAt = performance.now();
  /** The trace file, once the recorder has said which. */
  private trace: string | undefined;
  private exitCode: number | undefined;
  private cancelling: Promise<void> | undefined;
  private markEnded!: () => void;
  private readonly processEnded = new Promise<void>((resolve) => (this.markEnded = resolve));

  /**
   * @param report The file of `bootscope record --report`.
   * @param processId The recorder's process; undefined when the task was already running as this window opened.
   */
  constructor(
    private readonly execution: vscode.TaskExecution,
    private readonly report: string,
    private processId: number | undefined,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get name(): string {
    return this.execution.task.name;
  }

  /** The task's process has ended; the first call counts. */
  finished(exitCode: number | undefined): void {
    this.exitCode ??= exitCode;
    this.markEnded();
  }

  /** The recording as it is now; undefined while the recorder prepares. */
  async sample(): Promise<Sample | undefined> {
    if (this.trace === undefined) {
      const report = await readRecordReport(this.report);
      if (report?.state !== "recording") return undefined;
      this.trace = report.trace;
      this.processId = report.pid;
    }
    const counters = await readLiveCounters(this.trace);
    return counters && { at: performance.now(), ...counters };
  }

  /** Resolves when the process has ended (and, after a cancel, when nothing that it started runs any more). */
  async ended(): Promise<Ending> {
    await this.processEnded;
    await this.cancelling;
    const report = await readRecordReport(this.report);
    await rm(this.report, { force: true });
    const trace = report?.trace ?? this.trace ?? null;
    const counters = trace === null ? undefined : await readLiveCounters(trace);
    return endingOf({ report, trace, counters, exitCode: this.exitCode, cancelled: this.cancelling !== undefined });
  }

  /** Ends the recording: the recorder closes the trace and ends QEMU; whatever is left after that is killed. */
  cancel(): Promise<void> {
    this.cancelling ??= this.stop();
    return this.cancelling;
  }

  private async stop(): Promise<void> {
    await this.sample();
    const processes = this.processId === undefined ? [] : await processTree(this.processId);
    const recorder = processes.at(0);
    if (recorder !== undefined) signal(recorder.pid, "SIGTERM");
    await Promise.race([this.processEnded, sleep(recorder === undefined ? 0 : patience, undefined, { ref: false })]);
    this.execution.terminate();
    for (const { pid } of await ensureGone(processes, 3000)) {
      this.log.warn(`Process ${pid} of the recording did not end by itself and was killed.`);
    }
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
