/** The extension's settings by name, with the types that package.json gives them. */
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { Metric } from "../protocol/engine";

interface Settings {
  "qemu.path": string;
  "qemu.extraArguments": readonly string[];
  "traceBoot.kernel": string;
  "traceBoot.initrd": string;
  "traceBoot.append": string;
  "traceBoot.memory": string;
  "traceBoot.preset": "deterministic" | "fast";
  "traceBoot.outputFolder": string;
  "symbols.vmlinux": string;
  "symbols.roots": readonly string[];
  "symbols.firmware": readonly string[];
  "symbols.debugFolders": readonly string[];
  "symbols.debuginfodUrls": readonly string[];
  sourceMap: Readonly<Record<string, string>>;
  "sourceHeat.enabled": boolean;
  "sourceHeat.metric": Metric;
  "sourceHeat.threshold": number;
  "trace.follow": "auto" | "off";
  "traceEvents.file": string;
  "traceEvents.descriptions": string;
  "traceEvents.buildTask": string;
  "cache.maximumMegabytes": number;
}
export type SettingName = keyof Settings;

const section = "bootscope";

/** The value of a setting, for the workspace folder of `scope`. Defaults come from package.json. */
export function setting<K extends SettingName>(name: K, scope?: vscode.Uri): Settings[K] {
  const value = vscode.workspace.getConfiguration(section, scope).get<Settings[K]>(name);
  if (value === undefined) throw new Error(`package.json has no default for ${section}.${name}`);
  return value;
}

/** Whether a change of the configuration touches one of these settings. */
export const affects = (event: vscode.ConfigurationChangeEvent, ...names: SettingName[]): boolean =>
  names.some((name) => event.affectsConfiguration(`${section}.${name}`));

/** Writes a setting where the workspace keeps its own, or for the user when no folder is open. */
export async function updateSetting<K extends SettingName>(name: K, value: Settings[K]): Promise<void> {
  const target =
    vscode.workspace.workspaceFolders === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  await vscode.workspace.getConfiguration(section).update(name, value, target);
}

/** An absolute path from a setting: `~` and `${workspaceFolder}` are replaced, relative paths start at the first folder. */
export function settingPath(value: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
  const expanded = value.replaceAll("${workspaceFolder}", folder).replace(/^~(?=$|[\\/])/, os.homedir());
  return path.resolve(folder, expanded);
}
