/** The command "Map Source Paths…": says how many of the trace's hot files are found, and takes a folder for the others. */
import * as vscode from "vscode";
import { failureText, toFailure } from "../../protocol/failure";
import type { Services, SourceFiles } from "../services";

/** So many of the most expensive files are looked for. */
const sampleSize = 100;

async function missingOf(sources: SourceFiles, files: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const file of files) {
    if ((await sources.locate(file)) === undefined) missing.push(file);
  }
  return missing;
}

async function mapSources({ engine, traces, sources }: Services): Promise<void> {
  const trace = traces.active;
  const all = trace === undefined ? [] : (await engine.request("files", { trace: trace.handle })).file;
  const files = all.slice(0, sampleSize);
  if (files.length === 0) {
    await vscode.window.showInformationMessage(
      "No source files are known yet. Open a trace and give it a vmlinux with debug information first.",
    );
    return;
  }
  for (;;) {
    const missing = await missingOf(sources, files);
    const found = `${files.length - missing.length} of the ${files.length} most expensive source files were found`;
    const choose = "Choose Folder…";
    const answer =
      missing.length === 0
        ? await vscode.window.showInformationMessage(`${found}.`, choose)
        : await vscode.window.showInformationMessage(`${found}; the first that was not is ${missing[0]}.`, choose);
    if (answer !== choose || !(await sources.chooseFolder(missing.at(0) ?? files[0]))) return;
  }
}

/** Registers `bootscope.mapSources`. */
export function activateSourceMapping(services: Services): void {
  services.context.subscriptions.push(
    vscode.commands.registerCommand("bootscope.mapSources", async () => {
      try {
        await mapSources(services);
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.code !== "cancelled") await vscode.window.showErrorMessage(failureText(failure));
      }
    }),
  );
}
