/** The hover over a label of source heat: exact numbers at once known, and when they were spent, asked for when it is opened. */
import * as vscode from "vscode";
import type { CostHistory, LinesResult, TraceHandle } from "../../protocol/engine";
import { toFailure } from "../../protocol/failure";
import type { Services } from "../services";
import type { FileHeat } from "./fileHeat";
import { functionHover, type HeatContext, lineHover } from "./heatText";

/** What the editors of a document show, and what its numbers are of. */
export interface ShownHeat {
  readonly trace: TraceHandle;
  readonly heat: FileHeat;
  readonly result: LinesResult;
  readonly context: HeatContext;
}

/** As many as fit into a hover beside the moments of the two ends. */
const historyBuckets = 40;

export class HeatHoverProvider implements vscode.HoverProvider {
  constructor(
    private readonly services: Services,
    private readonly shownOf: (document: vscode.Uri) => ShownHeat | undefined,
  ) {}

  /** Only at the end of a line, where the label is: names in the code have hovers of their own. */
  async provideHover(
    document: vscode.TextDocument,
    { line, character }: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    const shown = this.shownOf(document.uri);
    const end = document.lineAt(line).range.end;
    if (shown === undefined || character < end.character) return undefined;
    const { heat, result, context } = shown;
    const own = heat.lines.find((entry) => entry.line === line + 1);
    const parts = heat.functions
      .filter((entry) => entry.line === line + 1)
      .map(async (entry) =>
        functionHover(entry, result, context, await this.history(shown, "function", entry.line, token)),
      );
    if (own !== undefined) {
      parts.push(
        this.history(shown, "line", own.line, token).then((history) => lineHover(own, result, context, history)),
      );
    }
    if (parts.length === 0) return undefined;
    const markdown = new vscode.MarkdownString((await Promise.all(parts)).join("\n\n---\n\n"));
    markdown.isTrusted = { enabledCommands: ["bootscope.showInTrace"] };
    return new vscode.Hover(markdown, new vscode.Range(end, end));
  }

  /** Null where it cannot be had: the rest of the hover is true without it. */
  private async history(
    { trace, result, context }: ShownHeat,
    of: "line" | "function",
    line: number,
    token: vscode.CancellationToken,
  ): Promise<CostHistory | null> {
    const abort = new AbortController();
    const cancelled = token.onCancellationRequested(() => abort.abort());
    const { range, metric } = context;
    const query = { trace, of, file: result.file, line, range, metric, buckets: historyBuckets };
    try {
      return await this.services.engine.request("costHistory", query, abort.signal);
    } catch (thrown) {
      const { code, message } = toFailure(thrown);
      if (code !== "cancelled") this.services.log.warn(`History of ${result.file}:${line}: ${message}`);
      return null;
    } finally {
      cancelled.dispose();
    }
  }
}
