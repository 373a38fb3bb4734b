/** Choosing the vmlinux that names a trace's addresses. */
import path from "node:path";
import * as vscode from "vscode";
import { failureText } from "../../protocol/failure";
import type { PerFileMemory } from "../perFileMemory";
import type { TraceSession, VmlinuxChoice } from "../traceSession";

interface FileItem extends vscode.QuickPickItem {
  /** Undefined: choose another by a file dialog. */
  readonly file: string | undefined;
}

/** Names the trace by this vmlinux and remembers it for the file. Rejects when it cannot be used. */
async function applyVmlinux(
  session: TraceSession,
  choices: PerFileMemory<VmlinuxChoice>,
  choice: VmlinuxChoice,
): Promise<void> {
  const summary = await session.setVmlinux(choice);
  if (summary.symbols !== null) await choices.set(session.uri, choice);
}

/** Asks for a vmlinux and tries it; the header says what came of it. Answers the file, or undefined when none was chosen. */
export async function chooseVmlinux(
  session: TraceSession,
  choices: PerFileMemory<VmlinuxChoice>,
): Promise<string | undefined> {
  const file = await pickFile(session);
  if (file !== undefined) await tryVmlinux(session, choices, file);
  return file;
}

/** Names the trace by this file if it belongs to it. */
export async function tryVmlinux(
  session: TraceSession,
  choices: PerFileMemory<VmlinuxChoice>,
  file: string,
): Promise<void> {
  const title = `Reading ${path.basename(file)}`;
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    applyVmlinux(session, choices, { path: file, force: false }),
  );
}

/**
 * Says why a file that was tried does not name the trace, for people who may not see its header, and does what they choose:
 * one of another kernel is used only when they insist.
 */
export async function tellRefusal(
  session: TraceSession,
  choices: PerFileMemory<VmlinuxChoice>,
  file: string,
): Promise<void> {
  const problem = session.summary.symbols === null ? session.summary.symbolsProblem : null;
  if (problem === null) return;
  const another = "Choose Another…";
  const anyway = "Use It Anyway";
  const answers = problem.code === "wrong-symbols" ? [another, anyway] : [another];
  const answer = await vscode.window.showWarningMessage(failureText(problem), ...answers);
  if (answer === anyway) await applyVmlinux(session, choices, { path: file, force: true });
  if (answer !== another) return;
  const next = await chooseVmlinux(session, choices);
  if (next !== undefined) await tellRefusal(session, choices, next);
}

async function pickFile(session: TraceSession): Promise<string | undefined> {
  const found = await session.candidates();
  const browse: FileItem = { label: "$(folder-opened) Browse…", alwaysShow: true, file: undefined };
  if (found.length > 0) {
    const used = session.summary.symbols?.path;
    const items: FileItem[] = found.map((file) => ({
      label: path.basename(file),
      description: path.dirname(file),
      ...(file === used ? { detail: "In use" } : {}),
      file,
    }));
    const picked = await vscode.window.showQuickPick([...items, browse], {
      title: "vmlinux of this trace",
      placeHolder: "An ELF kernel image with symbols; with debug information it also gives source lines",
      matchOnDescription: true,
    });
    if (picked?.file !== undefined || picked === undefined) return picked?.file;
  }
  const chosen = await vscode.window.showOpenDialog({
    title: "Choose vmlinux",
    openLabel: "Use",
    defaultUri: vscode.Uri.file(path.dirname(session.uri.fsPath)),
    canSelectMany: false,
  });
  return chosen?.[0]?.fsPath;
}
