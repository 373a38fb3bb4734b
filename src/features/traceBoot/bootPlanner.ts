/** Takes the decisions of a recording that need no person: everything but the kernel. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { diskFolders } from "../diskFolders";
import { eventListPath } from "../eventListPath";
import type { BootSettings } from "./bootSettings";
import { hasEvents } from "./eventList";
import { vmlinuxCandidates } from "./nearestVmlinux";
import type { Preset } from "../../qemu/commandLine";
import type { BootPlan } from "./recordArguments";

/** The plan for booting a kernel. Without a kernel the recorder will say that there is none. */
export async function planBoot(
  context: vscode.ExtensionContext,
  settings: BootSettings,
  kernel: string | undefined,
  preset: Preset = settings.preset,
): Promise<BootPlan> {
  const storage = context.globalStorageUri.fsPath;
  const reports = path.join(storage, "reports");
  await mkdir(reports, { recursive: true });
  const home = homeOf(kernel);
  return {
    kernel,
    initrd: settings.initrd,
    append: settings.append,
    memory: settings.memory,
    preset,
    vmlinux: settings.vmlinux ?? vmlinuxOf(kernel),
    qemu: settings.qemu,
    extraArguments: settings.extraArguments,
    eventList: await activeEventList(settings),
    outputFolder:
      settings.outputFolder ?? (home === undefined ? path.join(storage, "recordings") : path.join(home, ".bootscope")),
    report: path.join(reports, `${randomUUID()}.json`),
  };
}

/** The workspace folder that holds the kernel, else the first one. */
function homeOf(kernel: string | undefined): string | undefined {
  const holder = kernel === undefined ? undefined : vscode.workspace.getWorkspaceFolder(vscode.Uri.file(kernel));
  return holder?.uri.fsPath ?? diskFolders().at(0);
}

const vmlinuxOf = (kernel: string | undefined): string | undefined =>
  kernel === undefined ? undefined : vmlinuxCandidates(kernel).find((file) => existsSync(file));

/** The list for QEMU's `-trace events=`, when there is one that names an event. */
async function activeEventList(settings: BootSettings): Promise<string | undefined> {
  const file = eventListPath(settings.eventList, diskFolders());
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch(() => "");
  return hasEvents(text) ? file : undefined;
}
