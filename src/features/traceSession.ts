/** One trace file that is open in the engine, shared by all its editors. */
import * as vscode from "vscode";
import type { DebugSources } from "../protocol/debugSources";
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import type { FirmwareFile } from "../protocol/firmwareFile";
import { BootscopeError, toFailure } from "../protocol/failure";
import type { FileChange, PageState } from "../protocol/page";
import { FileWatch } from "./fileWatch";
import { TraceState, type OpenState } from "./traceState";
import { WatchedTrace } from "./watchedTrace";
import type { Engine, OpenTrace, Selection } from "./services";

/** The vmlinux that a person chose for a trace. */
export interface VmlinuxChoice {
  readonly path: string;
  /** Use it although it does not belong to the trace. */
  readonly force: boolean;
}

/** What a session needs from its surroundings. */
export interface SessionSurroundings {
  readonly engine: Engine;
  readonly log: vscode.LogOutputChannel;
  readonly cacheFolder: string;
  readonly canRecord: () => boolean;
  /** Paths to try for this trace, best first. */
  readonly candidates: (trace: vscode.Uri) => Promise<readonly string[]>;
  /** Folders and files with modules and programs of the guest. */
  readonly roots: (trace: vscode.Uri) => readonly string[];
  /** Files with the symbols of firmware and boot loaders. */
  readonly firmware: (trace: vscode.Uri) => readonly FirmwareFile[];
  /** Where debug information may be that was split off. */
  readonly debug: (trace: vscode.Uri) => DebugSources;
  /** Whether a trace that is still being written is followed. */
  readonly follow: (trace: vscode.Uri) => boolean;
  /** The trace-events file that describes the events; undefined: looked for. */
  readonly traceEvents: (trace: vscode.Uri) => string | undefined;
  readonly choice: (trace: vscode.Uri) => VmlinuxChoice | undefined;
}

export class TraceSession implements OpenTrace, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly stateChanged = new vscode.EventEmitter<void>();
  /** The summary or the selection changed. */
  readonly onDidChange = this.changed.event;
  /** Anything changed that `pageState` tells, progress included. */
  readonly onDidChangeState = this.stateChanged.event;

  private readonly state = new TraceState();
  private fileChange: FileChange | null = null;
  /** What was tried last as this trace's vmlinux, best first; "Use it anyway" means the first of them that has symbols. */
  private tried: readonly string[] = [];
  /** There were names before the vmlinux that was tried last and refused. */
  private hadNames = false;
  private currentSelection: Selection;
  /** Counts openings, so that an answer to an earlier one is not taken for the current one. */
  private opening = 0;
  private disposed = false;
  private readonly watch: FileWatch;
  /** To be told by editors when they show the trace. */
  readonly watched = new WatchedTrace((rests) => this.rest(rests));
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor(
    readonly uri: vscode.Uri,
    initial: Selection,
    private readonly around: SessionSurroundings,
  ) {
    this.currentSelection = initial;
    this.watch = new FileWatch(uri.fsPath, (change) => {
      // What is followed is expected to change.
      if (change === "changed" && this.state.isFollowed) return;
      this.fileChange = change;
      this.stateChanged.fire();
    });
    this.subscriptions = [
      this.watch,
      this.watched,
      around.engine.onNotice((notice) => this.take(notice)),
      around.engine.onDidDie((why) =>
        this.fail(
          new BootscopeError(
            "engine-died",
            `The process that reads the trace ended: ${why}.`,
            "The trace itself is unharmed. Restart to go on where you were.",
          ),
        ),
      ),
    ];
  }

  get isOpen(): boolean {
    return this.state.current.kind === "open";
  }

  /** Of the trace as it was last open: the engine refuses a handle that it has closed. Throws before the first opening. */
  get handle(): TraceHandle {
    return this.opened.handle;
  }

  get summary(): TraceSummary {
    return this.opened.summary;
  }

  get selection(): Selection {
    return this.currentSelection;
  }

  set selection(selection: Selection) {
    const { range, metric } = this.currentSelection;
    if (range?.start === selection.range?.start && range?.end === selection.range?.end && metric === selection.metric) {
      return;
    }
    this.currentSelection = selection;
    this.changed.fire();
  }

  get pageState(): PageState {
    const { current, progress } = this.state;
    switch (current.kind) {
      case "opening":
        return { kind: "opening" };
      case "failed":
        return { kind: "failed", failure: toFailure(current.reason) };
      case "open":
        return {
          kind: "open",
          summary: current.summary,
          progress,
          fileChange: this.fileChange,
          canRecord: this.around.canRecord(),
          hadNames: this.hadNames,
        };
    }
  }

  /** Opens the file, or opens it anew. Never rejects: a failure becomes the state. */
  async open(): Promise<void> {
    const opening = ++this.opening;
    const closed = this.closeHandle();
    this.state.begin();
    this.fileChange = null;
    this.hadNames = false;
    this.stateChanged.fire();
    await closed;
    try {
      if (this.uri.scheme !== "file") {
        throw new BootscopeError(
          "unsupported",
          "The trace is not a file on this machine.",
          "Copy it to a local disk and open it there.",
        );
      }
      await this.watch.reset();
      const vmlinux = await this.around.candidates(this.uri);
      const { engine, cacheFolder } = this.around;
      const answer = await engine.request("open", {
        path: this.uri.fsPath,
        vmlinux,
        cacheFolder,
        roots: this.around.roots(this.uri),
        firmware: this.around.firmware(this.uri),
        debug: this.around.debug(this.uri),
        follow: this.around.follow(this.uri),
        traceEvents: this.around.traceEvents(this.uri),
      });
      if (this.isStale(opening)) {
        await engine.request("close", { trace: answer.trace });
        return;
      }
      this.tried = vmlinux;
      this.state.opened(answer.trace, answer.summary);
      // It may have grown while it was opened.
      if (this.state.isFollowed) this.fileChange = null;
      this.announce();
      const choice = this.around.choice(this.uri);
      if (choice?.force === true && answer.summary.symbols === null) await this.setVmlinux(choice);
      const settled = await engine.request("settled", { trace: answer.trace });
      if (!this.isStale(opening)) this.update(answer.trace, settled);
    } catch (thrown) {
      if (!this.isStale(opening)) this.fail(thrown);
    }
  }

  /** Names addresses by this vmlinux. When it does not belong to the trace, the summary has no symbols and says why. */
  async setVmlinux(choice: VmlinuxChoice): Promise<TraceSummary> {
    this.tried = [choice.path];
    const hadNames = this.hadNames || this.summary.symbols !== null;
    const { handle } = this;
    const params = { trace: handle, vmlinux: choice.path, force: choice.force };
    const summary = await this.around.engine.request("setSymbols", params);
    this.hadNames = hadNames && summary.symbols === null;
    this.update(handle, summary);
    return summary;
  }

  /** Names addresses by what was refused as not belonging to the trace. Answers what is used now, or null. */
  async useRefused(): Promise<VmlinuxChoice | null> {
    for (const path of this.tried) {
      const choice = { path, force: true };
      if ((await this.setVmlinux(choice)).symbols !== null) return choice;
    }
    return null;
  }

  /** Existing files that may be this trace's vmlinux, best first. */
  candidates(): Promise<readonly string[]> {
    return this.around.candidates(this.uri);
  }

  /** Stops reading or importing; what was read stays usable. */
  async stop(): Promise<void> {
    await this.around.engine.request("stop", { trace: this.handle });
  }

  /** Pauses following a trace that is still being written, or goes on with it. */
  async pause(paused: boolean): Promise<void> {
    const { handle } = this;
    this.update(handle, await this.around.engine.request("follow", { trace: handle, paused }));
  }

  /** Lets pages know what changed outside the trace, e.g. the workspace's trust. */
  refresh(): void {
    this.stateChanged.fire();
  }

  dispose(): void {
    this.disposed = true;
    for (const subscription of this.subscriptions) subscription.dispose();
    void this.closeHandle();
    this.changed.dispose();
    this.stateChanged.dispose();
  }

  private get opened(): OpenState {
    const { lastOpen, current } = this.state;
    if (lastOpen !== undefined) return lastOpen;
    throw current.kind === "failed"
      ? current.reason
      : new BootscopeError("unreadable", "The trace is still being opened.", "Try again in a moment.");
  }

  private isStale(opening: number): boolean {
    return this.disposed || opening !== this.opening;
  }

  private take(notice: EngineNotice): void {
    if (notice.kind === "log") return;
    const { isFollowed } = this.state;
    if (!this.state.hear(notice)) return;
    if (notice.kind === "progress") this.stateChanged.fire();
    else this.tellUpdate(isFollowed);
  }

  private update(handle: TraceHandle, summary: TraceSummary): void {
    const { isFollowed } = this.state;
    if (this.state.take(handle, summary)) this.tellUpdate(isFollowed);
  }

  /** @param wasFollowed before there was a new summary */
  private tellUpdate(wasFollowed: boolean): void {
    if (this.summary.follow === "lost") this.fileChange = "changed";
    else if (wasFollowed && !this.state.isFollowed) void this.watch.reset();
    this.announce();
  }

  private rest(rests: boolean): boolean {
    const { current } = this.state;
    if (current.kind !== "open" || current.summary.follow !== (rests ? "live" : "paused")) return false;
    this.pause(rests).then(undefined, (thrown: unknown) => {
      this.around.log.debug(`Following ${this.uri.fsPath}: ${toFailure(thrown).message}`);
    });
    return true;
  }

  private fail(thrown: unknown): void {
    if (this.disposed) return;
    const failure = toFailure(thrown);
    this.around.log.error(`${this.uri.fsPath}: ${failure.message}`);
    this.state.fail(new BootscopeError(failure.code, failure.message, failure.advice));
    this.announce();
  }

  private announce(): void {
    this.stateChanged.fire();
    this.changed.fire();
  }

  private async closeHandle(): Promise<void> {
    const { current } = this.state;
    if (current.kind !== "open") return;
    const { handle } = current;
    this.state.begin();
    try {
      await this.around.engine.request("close", { trace: handle });
    } catch (thrown) {
      // An engine that is gone holds nothing that could be closed.
      this.around.log.debug(`Closing ${this.uri.fsPath}: ${toFailure(thrown).message}`);
    }
  }
}
