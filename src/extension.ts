/** Activation: builds what the features share and hands it to each of them. */
import path from "node:path";
import * as vscode from "vscode";
import { ConfiguredServers } from "./features/configuredServers";
import { EngineHost } from "./features/engineHost";
import { TraceRegistry } from "./features/openTraces";
import { PerFileMemory } from "./features/perFileMemory";
import type { Services } from "./features/services";
import { setting, settingPath } from "./features/settings";
import { activateSourceMapping, createSourceFiles } from "./features/sourceFiles";
import { activateSourceHeat, type SourceHeat } from "./features/sourceHeat";
import { activateTraceBoot } from "./features/traceBoot";
import { activateTraceEditor } from "./features/traceEditor";
import { activateTraceEvents } from "./features/traceEvents";
import type { VmlinuxChoice } from "./features/traceSession";
import { vmlinuxCandidates } from "./features/vmlinuxCandidates";
import { parseFirmwareFile } from "./protocol/firmwareFile";

/** What other extensions, and the tests inside VS Code, may use. */
export interface BootscopeApi extends Pick<Services, "engine" | "traces" | "sources"> {
  readonly heat: Pick<SourceHeat, "heatOf">;
}

export function activate(context: vscode.ExtensionContext): BootscopeApi {
  const log = vscode.window.createOutputChannel("Bootscope", { log: true });
  const engine = new EngineHost(path.join(context.extensionPath, "dist", "engine.js"), log);
  const choices = new PerFileMemory<VmlinuxChoice>(context.workspaceState, "vmlinux");
  const configured = new ConfiguredServers();
  const traces = new TraceRegistry({
    engine,
    log,
    cacheFolder: path.join(context.globalStorageUri.fsPath, "cache"),
    canRecord: () => vscode.workspace.isTrusted,
    choice: (trace) => choices.get(trace),
    roots: (trace) => setting("symbols.roots", trace).map(settingPath),
    firmware: (trace) =>
      setting("symbols.firmware", trace)
        .map(parseFirmwareFile)
        .map(({ path: file, address }) => ({ path: settingPath(file), address })),
    debug: (trace) => ({
      folders: setting("symbols.debugFolders", trace).map(settingPath),
      servers: configured.servers,
    }),
    follow: (trace) => setting("trace.follow", trace) === "auto",
    traceEvents: (trace) => {
      const file = setting("traceEvents.descriptions", trace);
      return file === "" ? undefined : settingPath(file);
    },
    candidates: (trace) => {
      const chosen = choices.get(trace)?.path ?? "";
      const configured = setting("symbols.vmlinux", trace);
      return vmlinuxCandidates({
        trace: trace.fsPath,
        named: [chosen, configured].filter((file) => file !== "").map(settingPath),
        folders: vscode.workspace.workspaceFolders ?? [],
      });
    },
  });
  // Disposed in this order: the traces close before the engine ends, and both may still write to the log.
  context.subscriptions.push(traces, engine, log);

  const services: Services = { context, log, engine, traces, sources: createSourceFiles(context, log, traces) };
  activateTraceEditor(services, traces, choices);
  activateSourceMapping(services);
  const heat = activateSourceHeat(services);
  activateTraceBoot(services);
  activateTraceEvents(services);
  return { engine, traces, sources: services.sources, heat };
}
