/** One editor: a page, the session whose trace it shows, and the requests between them. */
import * as vscode from "vscode";
import type { TraceHandle } from "../../protocol/engine";
import { BootscopeError, toFailure } from "../../protocol/failure";
import type { HostSide, PageSide, PageView } from "../../protocol/page";
import { Rpc, type Handlers } from "../../protocol/rpc";
import type { TraceRegistry, TraceView } from "../openTraces";
import type { PerFileMemory } from "../perFileMemory";
import type { Services } from "../services";
import type { TraceSession, VmlinuxChoice } from "../traceSession";
import { chooseVmlinux } from "./chooseVmlinux";
import { pageHtml, pageResources } from "./page";
import { copyEvents, copyRows, saveEvents, saveRows } from "./rowExport";
import { pageEventNames, pageEvents, pageFunctions, pageTimeline } from "./tightColumns";

/** What all editors share. */
export interface EditorSurroundings {
  readonly services: Services;
  readonly registry: TraceRegistry;
  readonly choices: PerFileMemory<VmlinuxChoice>;
  readonly views: PerFileMemory<PageView>;
}

/** Rows or buckets that a page may ask for at once; more would only fill the message channel. */
const mostRows = 10_000;
const mostBuckets = 4096;

export class TraceEditor implements TraceView, vscode.Disposable {
  private readonly rpc: Rpc<HostSide, PageSide>;
  private readonly subscriptions: vscode.Disposable[] = [];
  private isVisible: boolean;
  /** The page has taken up the view that was left: what it is told from now on is not overwritten by that. */
  private isReady = false;
  /** A function to show as soon as the page listens. */
  private awaited: string | null = null;

  constructor(
    private readonly session: TraceSession,
    private readonly panel: vscode.WebviewPanel,
    private readonly around: EditorSurroundings,
  ) {
    const { services, registry } = around;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [pageResources(services.context.extensionUri)] };
    this.isVisible = panel.visible;
    this.rpc = new Rpc<HostSide, PageSide>((message) => void webview.postMessage(message), this.handlers(), {
      view: (view) => this.remember(view),
      error: ({ text }) => services.log.error(`Page of ${session.uri.fsPath}: ${text}`),
    });
    this.subscriptions.push(
      webview.onDidReceiveMessage((message: unknown) => this.rpc.receive(message)),
      session.onDidChangeState(() => this.sendState()),
      panel.onDidChangeViewState(() => {
        this.isVisible = panel.visible;
        // A hidden page is gone, and the one that comes back says "ready"; if VS Code kept it, it is told what it missed.
        if (panel.visible) this.sendState();
        else this.isReady = false;
        session.watched.setVisible(this, panel.visible);
        if (panel.active) registry.looksAt(session, this);
      }),
      registry.addView(session, this),
    );
    session.watched.setVisible(this, panel.visible);
    webview.html = pageHtml(webview, services.context.extensionUri);
    registry.looksAt(session, this);
  }

  reveal(functionName: string | null): void {
    // Without its column VS Code would put the editor over what is active, e.g. the source beside it.
    this.panel.reveal(this.panel.viewColumn);
    this.around.registry.looksAt(this.session, this);
    this.awaited = functionName;
    this.sendAwaited();
  }

  dispose(): void {
    this.rpc.close();
    this.session.watched.setVisible(this, false);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private handlers(): Handlers<HostSide["requests"]> {
    const { session } = this;
    const { services, choices, views } = this.around;
    const { engine } = services;
    return {
      ready: () => {
        this.isReady = true;
        // After the answer: the page takes its restored view first, then the state.
        setTimeout(() => {
          this.sendState();
          this.sendAwaited();
        });
        return { view: views.get(session.uri) ?? null };
      },
      functions: async (query, signal) => pageFunctions(await engine.request("functions", this.query(query), signal)),
      timeline: async (query, signal) => {
        const buckets = Math.min(query.buckets, mostBuckets);
        return pageTimeline(await engine.request("timeline", { ...query, trace: session.handle, buckets }, signal));
      },
      phases: (_params, signal) => engine.request("phases", { trace: session.handle }, signal),
      events: async (query, signal) => pageEvents(await engine.request("events", this.query(query), signal)),
      eventNames: async (query, signal) =>
        pageEventNames(await engine.request("eventNames", { ...query, trace: session.handle }, signal)),
      stop: async () => {
        await session.stop();
        return null;
      },
      pause: async ({ paused }) => {
        await session.pause(paused);
        return null;
      },
      reload: async () => {
        await session.open();
        return null;
      },
      chooseVmlinux: async () => {
        await chooseVmlinux(session, choices);
        return null;
      },
      useRefusedVmlinux: async () => {
        const choice = await session.useRefused();
        if (choice === null) throw new BootscopeError("no-symbols", "No vmlinux was refused.", "Choose one first.");
        await choices.set(session.uri, choice);
        return null;
      },
      recordAgain: async () => {
        await vscode.commands.executeCommand("bootscope.traceBoot");
        return null;
      },
      openSource: async ({ file, line }) => {
        await services.sources.open(file, line);
        return null;
      },
      copyRows: (query, signal) => copyRows(engine, session, query, signal),
      copyEvents: (query, signal) => copyEvents(engine, session, query, signal),
      saveRows: ({ query, format }, signal) => saveRows(engine, session, query, format, signal),
      saveEvents: ({ query, format }, signal) => saveEvents(engine, session, query, format, signal),
      copyText: async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return null;
      },
    };
  }

  private query<Query extends { readonly limit: number }>(query: Query): Query & { trace: TraceHandle } {
    return { ...query, trace: this.session.handle, limit: Math.min(query.limit, mostRows) };
  }

  private remember(view: PageView): void {
    const { range, metric } = view.selection;
    this.session.selection = { range, metric };
    this.around.views.set(this.session.uri, view).then(undefined, (thrown: unknown) => {
      this.around.services.log.warn(`The view could not be remembered: ${toFailure(thrown).message}`);
    });
  }

  private sendState(): void {
    if (this.isVisible) this.rpc.send("state", this.session.pageState);
  }

  private sendAwaited(): void {
    if (!this.isReady || this.awaited === null) return;
    this.rpc.send("reveal", { functionName: this.awaited });
    this.awaited = null;
  }
}
