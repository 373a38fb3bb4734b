/** Keeps the visible source editors in step with the active trace. */
import path from "node:path";
import * as vscode from "vscode";
import { toFailure } from "../../protocol/failure";
import type { OpenTrace, Services } from "../services";
import { affects, setting } from "../settings";
import { HeatDecorations } from "./decorations";
import { type FileHeat, fileHeat } from "./fileHeat";
import { HeatHoverProvider, type ShownHeat } from "./heatHover";
import type { HeatContext } from "./heatText";
import { HeatSource } from "./heatSource";
import { heatState } from "./heatState";
import { layOut } from "./layOut";
import { HeatStatusItem } from "./statusItem";

/** Dragging a range and scanning a trace change much in a short time; the last state counts. */
const settleMs = 30;
const scanningMs = 1000;
const sourceName = /\.(?:c|h|s|cc|cpp|cxx|hpp|inc|rs)$/i;

const isSource = (document: vscode.TextDocument): boolean =>
  document.uri.scheme === "file" && sourceName.test(document.uri.path);

function contextOf({ summary, selection, uri }: OpenTrace): HeatContext {
  const { clock, instructionsCounted } = summary;
  // Without instruction counts (an imported log) that metric would show nothing at all.
  const metric = selection.metric === "instructions" && !instructionsCounted ? "executions" : selection.metric;
  return { metric, clock, instructionsCounted, range: selection.range, trace: path.basename(uri.path) };
}

const editorsOf = (document: vscode.TextDocument): vscode.TextEditor[] =>
  vscode.window.visibleTextEditors.filter((editor) => editor.document === document);

export class SourceHeat implements vscode.Disposable {
  private readonly decorations = new HeatDecorations();
  private readonly status = new HeatStatusItem();
  private readonly source: HeatSource;
  private readonly shown = new Map<string, ShownHeat>();
  private readonly subscriptions: readonly { dispose(): unknown }[];
  private traceSubscription: vscode.Disposable | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running = new AbortController();

  constructor(private readonly services: Services) {
    const { engine, traces, sources } = services;
    this.source = new HeatSource(engine, sources);
    this.subscriptions = [
      this.decorations,
      this.status,
      traces.onDidChangeActive((trace) => this.follow(trace)),
      vscode.languages.registerHoverProvider(
        { scheme: "file" },
        new HeatHoverProvider(services, (document) => this.shown.get(document.toString())),
      ),
      vscode.window.onDidChangeVisibleTextEditors(() => this.schedule(settleMs)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affects(event, "sourceHeat.enabled", "sourceHeat.threshold")) this.schedule(0);
      }),
      sources.onDidChange(() => {
        this.source.forget();
        this.schedule(settleMs);
      }),
    ];
    this.follow(traces.active);
  }

  /** What the visible editors of a document show; undefined when they show nothing. */
  heatOf(document: vscode.Uri): FileHeat | undefined {
    return this.shown.get(document.toString())?.heat;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running.abort();
    this.traceSubscription?.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private follow(trace: OpenTrace | undefined): void {
    this.traceSubscription?.dispose();
    this.traceSubscription = trace?.onDidChange(() => {
      const complete = this.services.traces.active?.summary.complete ?? true;
      this.schedule(complete ? settleMs : scanningMs);
    });
    this.source.forget();
    this.schedule(0);
  }

  /** Brings all visible editors up to date soon. What is already waiting is not put off, so that a scan shows progress. */
  private schedule(delay: number): void {
    if (this.timer !== undefined && delay > settleMs) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.update();
    }, delay);
  }

  private update(): void {
    this.running.abort();
    this.running = new AbortController();
    const { signal } = this.running;
    const trace = this.services.traces.active;
    const state =
      trace === undefined ? { kind: "off" as const } : heatState(trace.summary, setting("sourceHeat.enabled"));
    this.status.show(trace, state);

    const editors = vscode.window.visibleTextEditors.filter(({ document }) => isSource(document));
    const visible = new Set(editors.map((editor) => editor.document));
    const hidden = [...this.shown.keys()].filter((key) => ![...visible].some(({ uri }) => uri.toString() === key));
    for (const key of hidden) this.shown.delete(key);
    if (trace === undefined || state.kind !== "on") {
      for (const document of visible) this.clear(document);
      return;
    }
    for (const document of visible) {
      this.show(trace, document, signal).catch((thrown: unknown) => this.failed(document, thrown));
    }
  }

  private async show(trace: OpenTrace, document: vscode.TextDocument, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const result = await this.source.linesOf(trace, document.uri, signal);
    if (signal.aborted) return;
    if (result === null) {
      this.clear(document);
      return;
    }
    const context = contextOf(trace);
    const heat = fileHeat(result, context.metric, setting("sourceHeat.threshold", document.uri));
    for (const editor of editorsOf(document)) {
      const tabSize = typeof editor.options.tabSize === "number" ? editor.options.tabSize : 8;
      this.decorations.apply(editor, layOut(document, tabSize, heat, result, context));
    }
    this.shown.set(document.uri.toString(), { trace: trace.handle, heat, result, context });
    const took = (performance.now() - started).toFixed(0);
    this.services.log.debug(`Source heat of ${document.uri.path}: ${heat.lines.length} lines, ${took} ms`);
  }

  /** Wrong marks are worse than none: a failed file shows nothing. */
  private failed(document: vscode.TextDocument, thrown: unknown): void {
    const { code, message } = toFailure(thrown);
    if (code === "cancelled") return;
    this.services.log.warn(`Source heat of ${document.uri.path}: ${message}`);
    this.clear(document);
  }

  private clear(document: vscode.TextDocument): void {
    for (const editor of editorsOf(document)) this.decorations.clear(editor);
    this.shown.delete(document.uri.toString());
  }
}
