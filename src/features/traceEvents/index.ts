/** QEMU's trace-events files: outline, diagnostics, switching events on and off, and building QEMU with them. */
import * as vscode from "vscode";
import { failureText, toFailure } from "../../protocol/failure";
import type { Services } from "../services";
import { chooseEvents, isListChange } from "./chooseEvents";
import { EventLenses } from "./codeLenses";
import { EventDiagnostics } from "./diagnostics";
import { type Direction, editEvents } from "./editEvents";
import { EventListFile } from "./eventListFile";
import { traceEventsLanguage } from "./languages";
import { EventOutline } from "./outline";
import { rebuildAndTraceBoot } from "./rebuild";

export function activateTraceEvents({ context, log }: Services): void {
  const list = new EventListFile(log);

  const register = (name: string, run: (...parameters: unknown[]) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(`bootscope.${name}`, async (...parameters: unknown[]) => {
      try {
        await run(...parameters);
      } catch (thrown) {
        const failure = toFailure(thrown);
        log.error(failure.message);
        void vscode.window.showErrorMessage(failureText(failure));
      }
    });
  const edit = (direction: Direction) => (uri: unknown, row: unknown) =>
    editEvents(direction, uri instanceof vscode.Uri ? uri : undefined, typeof row === "number" ? row : undefined);
  /** QEMU and build tasks are programs of the workspace: only a trusted one may name them. */
  const trusted =
    (run: (...parameters: unknown[]) => Promise<void>) =>
    async (...parameters: unknown[]) => {
      if (vscode.workspace.isTrusted) await run(...parameters);
      else void vscode.window.showWarningMessage("QEMU is not started until you trust this workspace.");
    };

  context.subscriptions.push(
    list,
    new EventDiagnostics(log),
    vscode.languages.registerDocumentSymbolProvider(traceEventsLanguage, new EventOutline()),
    vscode.languages.registerCodeLensProvider(traceEventsLanguage, new EventLenses(list)),
    register("enableEvent", edit("enable")),
    register("disableEvent", edit("disable")),
    register("enableEventsForTraceBoot", async (change) => {
      if (isListChange(change)) await list.change(change.add, change.remove);
      else await trusted(() => chooseEvents(list))();
    }),
    register("rebuildAndTraceBoot", trusted(rebuildAndTraceBoot)),
  );
}
