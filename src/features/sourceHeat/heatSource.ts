/** Asks the engine for the lines of open documents, and remembers the answers while the trace does not change. */
import type * as vscode from "vscode";
import type { LinesResult } from "../../protocol/engine";
import type { Engine, OpenTrace, SourceFiles } from "../services";

/** Visible documents are few; this is for going back and forth between tabs and ranges. */
const rememberedAnswers = 16;

export class HeatSource {
  private readonly files = new Map<string, Promise<readonly string[]>>();
  private readonly answers = new Map<string, LinesResult | null>();

  constructor(
    private readonly engine: Engine,
    private readonly sources: SourceFiles,
  ) {}

  /** Forgets everything, because paths or symbols mean something else now. */
  forget(): void {
    this.files.clear();
    this.answers.clear();
  }

  /** Cost by line of the document in the trace's selected range; null when the trace knows nothing of this file. */
  async linesOf(trace: OpenTrace, document: vscode.Uri, signal: AbortSignal): Promise<LinesResult | null> {
    const { handle, selection, summary } = trace;
    const state = `${handle}:${summary.revision}:${summary.symbols?.path ?? ""}`;
    const { range } = selection;
    const key = `${state}:${range === null ? "" : `${range.start}-${range.end}`}:${document.toString()}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const debugPath = await this.sources.debugPathOf(document, await this.filesOf(trace, state));
    signal.throwIfAborted();
    const answer =
      debugPath === undefined
        ? null
        : await this.engine.request("lines", { trace: handle, file: debugPath, range }, signal);
    this.answers.set(key, answer);
    if (this.answers.size > rememberedAnswers) this.answers.delete(this.answers.keys().next().value ?? key);
    return answer;
  }

  /** The trace's source files, asked for once per state. */
  private filesOf(trace: OpenTrace, state: string): Promise<readonly string[]> {
    const known = this.files.get(state);
    if (known !== undefined) return known;
    this.files.clear();
    const asked = this.engine.request("files", { trace: trace.handle }).then(({ file }) => file);
    this.files.set(state, asked);
    asked.catch(() => this.files.delete(state));
    return asked;
  }
}
