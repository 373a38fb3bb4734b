/** Shows the cost that a trace recorded inside the source. */
import * as vscode from "vscode";
import type { Services } from "../services";
import { setting } from "../settings";
import { SourceHeat } from "./sourceHeat";

/** Turns heat on or off for the user, or for the workspace where that has its own value. */
async function toggle(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("bootscope");
  const own = configuration.inspect<boolean>("sourceHeat.enabled")?.workspaceValue !== undefined;
  const target = own ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update("sourceHeat.enabled", !setting("sourceHeat.enabled"), target);
}

export type { SourceHeat };

export function activateSourceHeat(services: Services): SourceHeat {
  const heat = new SourceHeat(services);
  services.context.subscriptions.push(
    heat,
    vscode.commands.registerCommand("bootscope.toggleSourceHeat", async () => {
      await toggle();
      if (services.traces.active === undefined) {
        const state = setting("sourceHeat.enabled") ? "on" : "off";
        vscode.window.setStatusBarMessage(`Source heat is ${state}; it appears when a trace is open.`, 5000);
      }
    }),
  );
  return heat;
}
