/** Turns the heat of a file into decorations of an editor. */
import * as vscode from "vscode";
import type { LinesResult } from "../../protocol/engine";
import type { EditorDecorations } from "./decorations";
import type { Bucket, FileHeat } from "./fileHeat";
import { functionLabel, type HeatContext, lineLabel } from "./heatText";
import { labelDistances, widthOf } from "./labelColumn";

interface Label {
  readonly line: vscode.TextLine;
  readonly text: string;
  readonly isFunction: boolean;
}

/** Gives every first line of a function the function's label, every other hot line its own. */
function labelsOf(document: vscode.TextDocument, heat: FileHeat, result: LinesResult, context: HeatContext): Label[] {
  const labels = new Map<number, Label>();
  for (const line of heat.lines) {
    if (line.line > document.lineCount) continue;
    labels.set(line.line, {
      line: document.lineAt(line.line - 1),
      text: lineLabel(line, context),
      isFunction: false,
    });
  }
  for (const entry of heat.functions) {
    if (entry.line > document.lineCount) continue;
    labels.set(entry.line, {
      line: document.lineAt(entry.line - 1),
      text: functionLabel(entry, result.rangeTotals, context),
      isFunction: true,
    });
  }
  return [...labels.values()];
}

/** The decorations for an editor of the document. Lines beyond its end (an edited or different file) are left out. */
export function layOut(
  document: vscode.TextDocument,
  tabSize: number,
  heat: FileHeat,
  result: LinesResult,
  context: HeatContext,
): EditorDecorations {
  const backgrounds = new Map<Bucket, vscode.Range[]>();
  const bars = new Map<Bucket, vscode.Range[]>();
  const put = (map: Map<Bucket, vscode.Range[]>, bucket: Bucket, range: vscode.Range): void => {
    const ranges = map.get(bucket);
    if (ranges === undefined) map.set(bucket, [range]);
    else ranges.push(range);
  };
  for (const { line, bucket, bar } of heat.lines) {
    if (line > document.lineCount) continue;
    const range = new vscode.Range(line - 1, 0, line - 1, 0);
    put(backgrounds, bucket, range);
    put(bars, bar, range);
  }
  const labels = labelsOf(document, heat, result, context);
  const distances = labelDistances(
    labels.map(({ line, isFunction }) => ({ width: widthOf(line.text, tabSize), aligned: !isFunction })),
  );
  return {
    backgrounds,
    bars,
    labels: labels.map(({ line, text, isFunction }, index) => ({
      range: new vscode.Range(line.range.end, line.range.end),
      renderOptions: {
        after: {
          contentText: text,
          color: new vscode.ThemeColor("descriptionForeground"),
          margin: `0 0 0 ${distances[index]}ch`,
          ...(isFunction && { fontStyle: "italic" }),
        },
      },
    })),
  };
}
