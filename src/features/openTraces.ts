/** The traces that are open in editors: one session per file, kept for a moment after its last editor closed. */
import * as vscode from "vscode";
import { setting } from "./settings";
import type { OpenTrace, OpenTraces } from "./services";
import { TraceSession, type SessionSurroundings } from "./traceSession";

/** Moving a tab closes one editor before the next opens: a session outlives its last editor by this long. */
const closeDelayMs = 5000;

export const viewTypes = { trace: "bootscope.trace", log: "bootscope.log" } as const;

/** The editor that a file opens in: traces by their name, anything else as a log. */
function viewTypeOf(uri: vscode.Uri): string {
  return /\.bst$|\/trace-[0-9][^/]*$/.test(uri.path) ? viewTypes.trace : viewTypes.log;
}

/** An editor that shows a session. */
export interface TraceView {
  /** Comes to front, with the filter set to the function when one is given. */
  reveal(functionName: string | null): void;
}

interface Entry {
  readonly session: TraceSession;
  /** Last looked at first. */
  views: TraceView[];
  users: number;
  closing: NodeJS.Timeout | undefined;
}

export class TraceRegistry implements OpenTraces, vscode.Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly activeChanged = new vscode.EventEmitter<OpenTrace | undefined>();
  readonly onDidChangeActive = this.activeChanged.event;
  /** Keys of open traces, last looked at last. */
  private recent: string[] = [];
  private current: TraceSession | undefined;

  constructor(private readonly around: SessionSurroundings) {}

  get all(): readonly OpenTrace[] {
    return [...this.entries.values()]
      .filter(({ session, users }) => users > 0 && session.isOpen)
      .map(({ session }) => session);
  }

  get active(): OpenTrace | undefined {
    return this.current;
  }

  /** The session of a file, opened when it is the first user's. Each `acquire` needs one `release`. */
  acquire(uri: vscode.Uri): TraceSession {
    const key = uri.toString();
    let entry = this.entries.get(key);
    if (entry === undefined) {
      const session = new TraceSession(uri, { range: null, metric: setting("sourceHeat.metric", uri) }, this.around);
      session.onDidChangeState(() => this.updateActive());
      entry = { session, views: [], users: 0, closing: undefined };
      this.entries.set(key, entry);
      void session.open();
    }
    clearTimeout(entry.closing);
    entry.users++;
    return entry.session;
  }

  release(session: TraceSession): void {
    const key = session.uri.toString();
    const entry = this.entries.get(key);
    if (entry?.session !== session || --entry.users > 0) return;
    entry.closing = setTimeout(() => {
      this.entries.delete(key);
      session.dispose();
    }, closeDelayMs);
    this.recent = this.recent.filter((other) => other !== key);
    this.updateActive();
  }

  /** Registers an editor of the session until disposed. */
  addView(session: TraceSession, view: TraceView): vscode.Disposable {
    const entry = this.entries.get(session.uri.toString());
    entry?.views.unshift(view);
    return new vscode.Disposable(() => {
      if (entry !== undefined) entry.views = entry.views.filter((other) => other !== view);
    });
  }

  /** The person looks at this editor now. */
  looksAt(session: TraceSession, view: TraceView): void {
    const key = session.uri.toString();
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    entry.views = [view, ...entry.views.filter((other) => other !== view)];
    this.recent = [...this.recent.filter((other) => other !== key), key];
    this.updateActive();
  }

  async show(uri: vscode.Uri): Promise<void> {
    const view = this.entries.get(uri.toString())?.views[0];
    if (view === undefined) await vscode.commands.executeCommand("vscode.openWith", uri, viewTypeOf(uri));
    else view.reveal(null);
  }

  async showAside(uri: vscode.Uri): Promise<void> {
    if (this.entries.has(uri.toString())) return;
    const options = { preserveFocus: true, preview: false };
    await vscode.commands.executeCommand("vscode.openWith", uri, viewTypeOf(uri), options);
  }

  async close(uri: vscode.Uri): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = tabs.filter(
      ({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === uri.toString(),
    );
    await vscode.window.tabGroups.close(shown);
  }

  async reveal(trace: OpenTrace, functionName: string): Promise<void> {
    const find = (): TraceView | undefined => this.entries.get(trace.uri.toString())?.views[0];
    if (find() === undefined) await this.show(trace.uri);
    find()?.reveal(functionName);
  }

  /** Opens every trace anew, after the engine was restarted. */
  async reopenAll(): Promise<void> {
    await Promise.all([...this.entries.values()].map(({ session }) => session.open()));
  }

  /** Lets every page know that something outside the traces changed. */
  refreshAll(): void {
    for (const { session } of this.entries.values()) session.refresh();
  }

  /** The session of a file that is open, however it was found. */
  sessionOf(trace: OpenTrace): TraceSession | undefined {
    return this.entries.get(trace.uri.toString())?.session;
  }

  dispose(): void {
    for (const { session, closing } of this.entries.values()) {
      clearTimeout(closing);
      session.dispose();
    }
    this.entries.clear();
    this.activeChanged.dispose();
  }

  private updateActive(): void {
    const key = this.recent.findLast((candidate) => this.entries.get(candidate)?.session.isOpen === true);
    const next = key === undefined ? undefined : this.entries.get(key)?.session;
    if (next === this.current) return;
    this.current = next;
    void vscode.commands.executeCommand("setContext", "bootscope.hasTrace", next !== undefined);
    this.activeChanged.fire(next);
  }
}
