/** Above every event: compile it in or out, and have the next Trace Boot log it or not. */
import * as vscode from "vscode";
import { isDisabled, parseTraceLine } from "../../qemu/traceEvents";
import type { EventListFile } from "./eventListFile";
import { linesOf } from "./languages";

/** A lens knows its line; its words are made when it becomes visible, because a file may have thousands. */
class EventLens extends vscode.CodeLens {
  constructor(
    range: vscode.Range,
    readonly uri: vscode.Uri,
    readonly event: string,
    readonly words: "disabled" | "enabled" | "list",
  ) {
    super(range);
  }
}

export class EventLenses implements vscode.CodeLensProvider<EventLens> {
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(private readonly list: EventListFile) {
    this.onDidChangeCodeLenses = list.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): EventLens[] {
    const lenses: EventLens[] = [];
    let row = -1;
    for (const text of linesOf(document)) {
      row++;
      const line = parseTraceLine(text);
      if (line.kind !== "event") continue;
      const range = new vscode.Range(row, line.name.start, row, line.name.end);
      const { text: name } = line.name;
      lenses.push(
        new EventLens(range, document.uri, name, isDisabled(line) ? "disabled" : "enabled"),
        new EventLens(range, document.uri, name, "list"),
      );
    }
    return lenses;
  }

  resolveCodeLens(lens: EventLens): EventLens {
    const { event, uri, range } = lens;
    const at = [uri, range.start.line];
    if (lens.words === "disabled") {
      const tooltip = "Removes the word “disable”. The next build of QEMU has the event.";
      lens.command = { command: "bootscope.enableEvent", title: "Enable", tooltip, arguments: at };
    } else if (lens.words === "enabled") {
      const tooltip = "Puts “disable” in front. The next build of QEMU leaves the event out.";
      lens.command = { command: "bootscope.disableEvent", title: "Disable", tooltip, arguments: at };
    } else {
      const isOn = this.list.enabled.has(event);
      lens.command = {
        command: "bootscope.enableEventsForTraceBoot",
        title: isOn ? "Remove from Trace Boot" : "Enable for Trace Boot",
        tooltip: isOn ? "The next Trace Boot no longer logs this event." : "The next Trace Boot logs this event.",
        arguments: [isOn ? { add: [], remove: [event] } : { add: [event], remove: [] }],
      };
    }
    return lens;
  }
}
