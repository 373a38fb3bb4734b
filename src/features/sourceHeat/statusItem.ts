/** The status-bar item that says whether source heat is on, of which trace, and why not. */
import path from "node:path";
import * as vscode from "vscode";
import { formatMoment } from "../../protocol/format";
import type { OpenTrace } from "../services";
import type { HeatState } from "./heatState";

const metricWords = { instructions: "instructions", executions: "executions", time: "host time" } as const;

function tooltip(trace: OpenTrace, state: HeatState): string {
  const name = path.basename(trace.uri.path);
  const { range, metric } = trace.selection;
  const { clock } = trace.summary;
  switch (state.kind) {
    case "on": {
      const part = range === null ? "" : `, ${formatMoment(range.start, clock)} – ${formatMoment(range.end, clock)}`;
      return `Source heat of ${name}${part}, by ${metricWords[metric]}.\nClick to turn it off.`;
    }
    case "off":
      return `Source heat of ${name} is off.\nClick to mark the hot lines in the source.`;
    case "unavailable":
      return `No source heat for ${name}.\n${state.reason}\nClick to choose a vmlinux.`;
  }
}

export class HeatStatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    "bootscope.sourceHeat",
    vscode.StatusBarAlignment.Right,
    90,
  );

  constructor() {
    this.item.name = "Bootscope Source Heat";
  }

  /** Shows the state; without a trace there is nothing to say and the item disappears. */
  show(trace: OpenTrace | undefined, state: HeatState): void {
    if (trace === undefined) {
      this.item.hide();
      return;
    }
    const words = { on: "$(flame) Heat", off: "$(flame) Heat off", unavailable: "$(flame) No heat" } as const;
    this.item.text = words[state.kind];
    this.item.tooltip = tooltip(trace, state);
    this.item.accessibilityInformation = { label: tooltip(trace, state), role: "button" };
    this.item.command = state.kind === "unavailable" ? "bootscope.chooseVmlinux" : "bootscope.toggleSourceHeat";
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
