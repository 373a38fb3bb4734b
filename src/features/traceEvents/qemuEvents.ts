/** The events of the QEMU that Trace Boot would run. Asks QEMU only in trusted workspaces. */
import path from "node:path";
import * as vscode from "vscode";
import { toFailure } from "../../protocol/failure";
import { eventNames } from "../../qemu/eventNames";
import { findQemu } from "../../qemu/probe";
import type { EventNames } from "../../qemu/traceEventList";
import { setting, settingPath } from "../settings";

const defaultQemu = "qemu-system-x86_64";

/** The path of the QEMU program. Rejects with BootscopeError "no-qemu". */
export async function chosenQemu(): Promise<string> {
  const given = setting("qemu.path").trim();
  if (given === "") return findQemu(defaultQemu, false);
  return findQemu(given.includes(path.sep) ? settingPath(given) : given, true);
}

/** The events of the QEMU found. Rejects with BootscopeError; must not be called in an untrusted workspace. */
export async function eventsOfQemu(): Promise<EventNames> {
  return eventNames(await chosenQemu());
}

/** The events of the QEMU found, or undefined when it may not or cannot be asked. */
export async function knownEvents(log: vscode.LogOutputChannel): Promise<EventNames | undefined> {
  if (!vscode.workspace.isTrusted) return undefined;
  try {
    return await eventsOfQemu();
  } catch (thrown) {
    log.info(`Event names are not checked: ${toFailure(thrown).message}`);
    return undefined;
  }
}
