/** What the features share. `extension.ts` builds it once; each feature has `activate…(services)` and disposes through `context`. */
import type * as vscode from "vscode";
import type {
  EngineMethod,
  EngineNotice,
  EngineRequests,
  Metric,
  TimeRange,
  TraceHandle,
  TraceSummary,
} from "../protocol/engine";

/** The engine as features see it: started on first use, restarted on demand. Requests reject with BootscopeError. */
export interface Engine {
  request<M extends EngineMethod>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]>;
  readonly onNotice: vscode.Event<EngineNotice>;
  /** The process ended by itself; the text says why. */
  readonly onDidDie: vscode.Event<string>;
  restart(): Promise<void>;
}

/** What every view of a trace shows at the moment. */
export interface Selection {
  readonly range: TimeRange | null;
  readonly metric: Metric;
}

/** A trace that is open in at least one editor. */
export interface OpenTrace {
  readonly uri: vscode.Uri;
  readonly handle: TraceHandle;
  readonly summary: TraceSummary;
  readonly selection: Selection;
  /** Summary (scan progress, symbols) or selection changed. */
  readonly onDidChange: vscode.Event<void>;
}

/** The traces that are open, and the one that source heat and commands speak of: the last one that was looked at. */
export interface OpenTraces {
  readonly all: readonly OpenTrace[];
  readonly active: OpenTrace | undefined;
  readonly onDidChangeActive: vscode.Event<OpenTrace | undefined>;
  /** Opens the file in the trace editor. */
  show(uri: vscode.Uri): Promise<void>;
  /** Opens the file in the trace editor without taking the focus, unless it is open. */
  showAside(uri: vscode.Uri): Promise<void>;
  /** Closes its editors. */
  close(uri: vscode.Uri): Promise<void>;
  /** Brings the trace editor to front with the filter set to this function. */
  reveal(trace: OpenTrace, functionName: string): Promise<void>;
}

/** Finds files that debug information names on this machine. */
export interface SourceFiles {
  /** The file on disk, or undefined. Never asks the user. */
  locate(debugPath: string): Promise<vscode.Uri | undefined>;
  /** The path in the debug information that an open document stands for, among these; undefined when none or ambiguous. */
  debugPathOf(document: vscode.Uri, candidates: readonly string[]): Promise<string | undefined>;
  /**
   * Opens the file at the 1-based line, beside the trace. When it is not found the user is asked where the sources are;
   * the promise does not wait for the answer.
   */
  open(debugPath: string, line: number): Promise<void>;
  /** Lets the user choose the folder that holds the file. True when one was chosen that does. */
  chooseFolder(debugPath: string): Promise<boolean>;
  /** The mapping changed. */
  readonly onDidChange: vscode.Event<void>;
}

export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: Engine;
  readonly traces: OpenTraces;
  readonly sources: SourceFiles;
}
