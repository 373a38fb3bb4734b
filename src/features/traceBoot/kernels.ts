/** Which kernel to boot: the setting's, the workspace's, else one that a person chooses. */
import * as vscode from "vscode";
import { findKernels } from "../../qemu/findKernel";
import { updateSetting } from "../settings";
import { diskFolders } from "../diskFolders";
import type { BootSettings } from "./bootSettings";

/** The kernels that can be booted without asking for a file, likeliest first. */
export async function findBootableKernels(settings: BootSettings): Promise<string[]> {
  if (settings.kernel !== undefined) return [settings.kernel];
  const found = (await Promise.all(diskFolders().map(findKernels))).flat();
  return found.sort((a, b) => b.modified - a.modified).map((image) => image.path);
}

/** The kernel to boot; asks only when there is none or more than one. Undefined: the person chose not to. */
export async function chooseKernel(settings: BootSettings): Promise<string | undefined> {
  const kernels = await findBootableKernels(settings);
  if (kernels.length === 1) return kernels[0];
  return kernels.length > 1 ? pickKernel(kernels) : askForKernel();
}

const pin: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("pin"), tooltip: "Always Boot This Kernel" };

async function pickKernel(kernels: readonly string[]): Promise<string | undefined> {
  const items = kernels.map((kernel) => ({
    label: vscode.workspace.asRelativePath(kernel),
    buttons: [pin],
    kernel,
  }));
  const pick = vscode.window.createQuickPick<(typeof items)[number]>();
  try {
    pick.title = "Trace Boot";
    pick.placeholder = "Which kernel? The newest is first.";
    pick.items = items;
    // An editor that takes the focus back while the command palette closes must not end the choice.
    pick.ignoreFocusOut = true;
    return await new Promise<string | undefined>((resolve, reject) => {
      pick.onDidAccept(() => resolve(pick.selectedItems.at(0)?.kernel));
      pick.onDidHide(() => resolve(undefined));
      pick.onDidTriggerItemButton(({ item }) => {
        updateSetting("traceBoot.kernel", item.kernel).then(() => resolve(item.kernel), reject);
      });
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/** Explains what was looked for, lets a person choose a file, and remembers it as the workspace's kernel. */
async function askForKernel(): Promise<string | undefined> {
  const choose = "Choose Kernel…";
  const where =
    vscode.workspace.workspaceFolders === undefined ? "No folder is open" : "The workspace has no kernel image";
  const answer = await vscode.window.showInformationMessage(
    `${where} (looked for arch/*/boot/*Image, vmlinuz* and vmlinux). Choose one to boot; it is remembered as bootscope.traceBoot.kernel.`,
    choose,
  );
  if (answer !== choose) return undefined;
  const files = await vscode.window.showOpenDialog({
    title: "Kernel Image to Boot",
    openLabel: "Boot",
    filters: { "All Files": ["*"] },
    ...(diskFolders().length > 0 ? { defaultUri: vscode.Uri.file(diskFolders()[0]) } : {}),
  });
  const kernel = files?.at(0)?.fsPath;
  if (kernel !== undefined) await updateSetting("traceBoot.kernel", kernel);
  return kernel;
}
