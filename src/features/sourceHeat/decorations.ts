/** The decoration types of source heat: one per bucket, never one per line. */
import * as vscode from "vscode";
import { type Bucket, buckets } from "./fileHeat";

/** Dark and light bars: an image cannot use theme colours. */
const barColors = { dark: "#f14c4c", light: "#c41313" } as const;

/** A bar whose length says the bucket, as an image for the gutter. */
function bar(bucket: Bucket, color: string): vscode.Uri {
  const width = (16 * bucket) / buckets.length;
  const image =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` +
    `<rect y="3" width="${width}" height="10" rx="1.5" fill="${color}"/></svg>`;
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(image).toString("base64")}`);
}

function backgroundType(bucket: Bucket): vscode.TextEditorDecorationType {
  const color = new vscode.ThemeColor(`bootscope.heat${bucket}`);
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: color,
    // The coolest lines are everywhere: marks for them would hide where the heat is.
    ...(bucket > 1 && { overviewRulerColor: color, overviewRulerLane: vscode.OverviewRulerLane.Right }),
  });
}

function barType(bucket: Bucket): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    dark: { gutterIconPath: bar(bucket, barColors.dark) },
    light: { gutterIconPath: bar(bucket, barColors.light) },
    gutterIconSize: "contain",
  });
}

/** What one editor shows. */
export interface EditorDecorations {
  readonly backgrounds: ReadonlyMap<Bucket, readonly vscode.Range[]>;
  readonly bars: ReadonlyMap<Bucket, readonly vscode.Range[]>;
  readonly labels: readonly vscode.DecorationOptions[];
}

export class HeatDecorations implements vscode.Disposable {
  private readonly backgrounds = new Map(buckets.map((bucket) => [bucket, backgroundType(bucket)]));
  private readonly bars = new Map(buckets.map((bucket) => [bucket, barType(bucket)]));
  private readonly labels = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
  });

  /** Replaces what the editor shows, one call per type. */
  apply(editor: vscode.TextEditor, decorations: EditorDecorations): void {
    for (const [bucket, type] of this.backgrounds) {
      editor.setDecorations(type, decorations.backgrounds.get(bucket) ?? []);
    }
    for (const [bucket, type] of this.bars) editor.setDecorations(type, decorations.bars.get(bucket) ?? []);
    editor.setDecorations(this.labels, decorations.labels);
  }

  clear(editor: vscode.TextEditor): void {
    this.apply(editor, { backgrounds: new Map(), bars: new Map(), labels: [] });
  }

  dispose(): void {
    for (const type of [...this.backgrounds.values(), ...this.bars.values(), this.labels]) type.dispose();
  }
}
