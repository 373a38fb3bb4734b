/** The command "Enable Events for Trace Boot…": chooses which of QEMU's own events the next boot logs. */
import path from "node:path";
import * as vscode from "vscode";
import { parseTraceLine } from "../../qemu/traceEvents";
import type { EventListFile } from "./eventListFile";
import { linesOf, traceEventsLanguage } from "./languages";
import { eventsOfQemu } from "./qemuEvents";

/** A change of the list, as CodeLenses give it to the command. */
export interface ListChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** Commands can be called by anybody with anything. */
export const isListChange = (value: unknown): value is ListChange =>
  typeof value === "object" &&
  value !== null &&
  "add" in value &&
  "remove" in value &&
  isNames(value.add) &&
  isNames(value.remove);

interface EventItem extends vscode.QuickPickItem {
  readonly event: string;
}

/** The events to choose from: those of the trace-events file in front, else those of the QEMU found. */
async function offeredItems(): Promise<{ items: EventItem[]; from: string }> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === traceEventsLanguage) {
    const items: EventItem[] = [];
    for (const text of linesOf(document)) {
      const line = parseTraceLine(text);
      if (line.kind !== "event") continue;
      items.push({ event: line.name.text, label: line.name.text, description: line.argumentList.text });
    }
    return { items, from: path.basename(document.uri.path) };
  }
  const { all, compiledOut } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: "Asking QEMU for its trace events" },
    () => eventsOfQemu(),
  );
  const items = [...all].filter((event) => !compiledOut.has(event)).map((event) => ({ event, label: event }));
  return { items, from: "the QEMU found" };
}

/** Rejects with BootscopeError when QEMU cannot be asked or the list cannot be written. */
export async function chooseEvents(list: EventListFile): Promise<void> {
  const { items, from } = await offeredItems();
  const offered = new Set(items.map(({ event }) => event));
  const chosen = await vscode.window.showQuickPick(
    items.map((item) => ({ ...item, picked: list.enabled.has(item.event) })),
    {
      title: `Events for Trace Boot (from ${from})`,
      placeHolder: "QEMU logs the checked events during the next Trace Boot",
      canPickMany: true,
      matchOnDescription: true,
    },
  );
  if (chosen === undefined) return;
  const on = new Set(chosen.map(({ event }) => event));
  const add = [...on].filter((event) => !list.enabled.has(event));
  const remove = [...list.enabled].filter((event) => offered.has(event) && !on.has(event));
  if (add.length === 0 && remove.length === 0) return;
  const uri = await list.change(add, remove);
  const open = "Open List";
  const answer = await vscode.window.showInformationMessage(
    `The next Trace Boot logs ${list.enabled.size} ${list.enabled.size === 1 ? "event" : "events or patterns"} of QEMU.`,
    open,
  );
  if (answer === open) await vscode.window.showTextDocument(uri);
}
