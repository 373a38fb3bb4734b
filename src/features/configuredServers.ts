import * as vscode from "vscode";
import { serversOfEnvironment, usableServers } from "../protocol/debugSources";
import { failureText } from "../protocol/failure";
import { setting } from "./settings";

/** The debuginfod servers of the setting. What is not the URL of one is told once, and traces open without it. */
export class ConfiguredServers {
  readonly #told = new Set<string>();

  get servers(): readonly string[] {
    return usableServers(setting("symbols.debuginfodUrls"), process.env[serversOfEnvironment], (refused) => {
      const text = failureText(refused);
      if (this.#told.has(text)) return;
      this.#told.add(text);
      void this.#tell(text);
    });
  }

  async #tell(text: string): Promise<void> {
    const openSettings = "Open Settings";
    const answer = await vscode.window.showWarningMessage(text, openSettings);
    if (answer !== openSettings) return;
    await vscode.commands.executeCommand("workbench.action.openSettings", "bootscope.symbols.debuginfodUrls");
  }
}
