/** The trace editor's commands. */
import * as vscode from "vscode";
import { failureText, toFailure } from "../../protocol/failure";
import { showInTrace } from "../sourceHeat/showInTrace";
import type { TraceSession } from "../traceSession";
import { chooseVmlinux, tellRefusal, tryVmlinux } from "./chooseVmlinux";
import type { EditorSurroundings } from "./traceEditor";

/** Shows an expected failure with its advice; a cancellation shows nothing. */
async function reportFailure(thrown: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const failure = toFailure(thrown);
  if (failure.code === "cancelled") return;
  log.error(failure.message);
  const showLog = "Show Log";
  const answer = await vscode.window.showErrorMessage(failureText(failure), showLog);
  if (answer === showLog) log.show();
}

export function registerCommands(around: EditorSurroundings): vscode.Disposable[] {
  const { services, registry, choices } = around;
  const register = (name: string, run: (...parameters: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`bootscope.${name}`, async (...parameters: unknown[]) => {
      try {
        await run(...parameters);
      } catch (thrown) {
        await reportFailure(thrown, services.log);
      }
    });

  const activeSession = async (): Promise<TraceSession | undefined> => {
    const session = registry.active === undefined ? undefined : registry.sessionOf(registry.active);
    if (session === undefined) await vscode.window.showInformationMessage("Open a trace first.");
    return session;
  };

  return [
    register("openTrace", async (file) => {
      const uri = file instanceof vscode.Uri ? file : await pickTrace();
      if (uri !== undefined) await registry.show(uri);
    }),
    register("openSample", () =>
      registry.show(vscode.Uri.joinPath(services.context.extensionUri, "sample", "boot.bst")),
    ),
    register("chooseVmlinux", async (file) => {
      const session = await activeSession();
      if (session === undefined) return;
      // The editor's title menu passes the trace's own URI.
      const given = file instanceof vscode.Uri && file.toString() !== session.uri.toString() ? file.fsPath : undefined;
      if (given !== undefined) await tryVmlinux(session, choices, given);
      const tried = given ?? (await chooseVmlinux(session, choices));
      if (tried !== undefined) await tellRefusal(session, choices, tried);
    }),
    register("showInTrace", (name) => showInTrace(services, typeof name === "string" ? name : undefined)),
    register("restartEngine", async () => {
      await services.engine.restart();
      await registry.reopenAll();
    }),
    register("showLog", () => services.log.show()),
  ];
}

async function pickTrace(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: "Open Trace",
    filters: { "Bootscope traces": ["bst"], "All files": ["*"] },
    canSelectMany: false,
  });
  return chosen?.[0];
}
