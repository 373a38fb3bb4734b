/** The trace editor: opens trace files in a page of their own and answers the page from the engine. */
import * as vscode from "vscode";
import type { PageView } from "../../protocol/page";
import { viewTypes, type TraceRegistry } from "../openTraces";
import { PerFileMemory } from "../perFileMemory";
import type { Services } from "../services";
import type { VmlinuxChoice } from "../traceSession";
import { registerCommands } from "./commands";
import { TraceEditorProvider } from "./provider";
import type { EditorSurroundings } from "./traceEditor";

export function activateTraceEditor(
  services: Services,
  registry: TraceRegistry,
  choices: PerFileMemory<VmlinuxChoice>,
): void {
  const views = new PerFileMemory<PageView>(services.context.workspaceState, "views");
  const around: EditorSurroundings = { services, registry, choices, views };
  const provider = new TraceEditorProvider(around);
  services.context.subscriptions.push(
    ...Object.values(viewTypes).map((viewType) =>
      vscode.window.registerCustomEditorProvider(viewType, provider, { supportsMultipleEditorsPerDocument: true }),
    ),
    ...registerCommands(around),
    vscode.workspace.onDidGrantWorkspaceTrust(() => registry.refreshAll()),
  );
}
