import path from "node:path";
import { Option } from "commander";
import { localEngine, type LocalEngine } from "../engine/local";
import { debuginfodServers, serversOfEnvironment, type DebugSources } from "../protocol/debugSources";
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { parseFirmwareFile, type FirmwareFile } from "../protocol/firmwareFile";
import { formatBytes, formatPercent } from "../protocol/format";
import { cacheFolder } from "../qemu/cacheFolder";
import { progressLine } from "./progressLine";

export interface TraceFlags extends DebugFlags {
  readonly vmlinux?: string;
  readonly root?: readonly string[];
  readonly symbols?: readonly FirmwareFile[];
  readonly force?: boolean;
}

export interface DebugFlags {
  readonly debugFolder?: readonly string[];
  readonly debuginfod?: readonly string[];
}

/** Collects the values of an option that may be repeated. */
const repeated = (value: string, others: readonly string[] | undefined): string[] => [...(others ?? []), value];

/** For debug information that was split off. */
export const debugFolderOption = (): Option =>
  new Option(
    "--debug-folder <folder>",
    "a folder with split-off debug information, laid out as /usr/lib/debug (may be repeated)",
  ).argParser(repeated);

export const debuginfodOption = (): Option =>
  new Option(
    "--debuginfod <url>",
    `a server to ask for debug information by build-id, or the word ${serversOfEnvironment} for those of that environment variable (may be repeated)`,
  ).argParser(repeated);

/** What `--debug-folder` and `--debuginfod` say. Throws "unsupported" for what is not the URL of a server. */
export const debugSources = ({ debugFolder = [], debuginfod = [] }: DebugFlags): DebugSources => ({
  folders: debugFolder.map((folder) => path.resolve(folder)),
  servers: debuginfodServers(debuginfod, process.env[serversOfEnvironment]),
});

/** For modules and programs that are not found without being told. */
export const rootOption = (): Option =>
  new Option(
    "--root <path>",
    "a folder with the guest's programs and modules, or one such file (may be repeated)",
  ).argParser(repeated);

/** For what runs before the kernel or below it. */
export const symbolsOption = (): Option =>
  new Option(
    "--symbols <file[@address]>",
    "an ELF file of firmware, a boot loader or a decompressor, and where it was loaded (may be repeated)",
  ).argParser((text: string, others: readonly FirmwareFile[] | undefined) => [
    ...(others ?? []),
    parseFirmwareFile(text),
  ]);

/** A trace that was read to its end, and the engine to ask about it. */
export interface OpenedTrace {
  readonly engine: LocalEngine;
  readonly trace: TraceHandle;
  readonly summary: TraceSummary;
  readonly signal: AbortSignal;
}

/** Where what is computed is kept between two runs. */
export const resultsFolder = (): string => path.join(cacheFolder(), "results");

/** Runs `use` with an engine. Shows its progress on a terminal; Ctrl+C cancels what it does. */
export async function withEngine<T>(use: (engine: LocalEngine, signal: AbortSignal) => Promise<T>): Promise<T> {
  const line = progressLine();
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  const engine = localEngine(__dirname, (notice) => {
    const text = describe(notice);
    if (text !== null) line.show(text);
  });
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  interrupt.signal.addEventListener("abort", () => engine.dispose(), { once: true });
  try {
    return await use(engine, interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted ? new BootscopeError("cancelled", "Interrupted.", "", { cause: error }) : error;
  } finally {
    line.clear();
    engine.dispose();
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}

/** Opens a trace with the names of `flags.vmlinux`, if given, and waits until it is read. Names must belong to it, or be forced. */
export async function withTrace<T>(
  file: string,
  flags: TraceFlags,
  use: (opened: OpenedTrace) => Promise<T>,
): Promise<T> {
  return withEngine(async (engine, signal) => {
    const vmlinux = flags.vmlinux === undefined ? [] : [path.resolve(flags.vmlinux)];
    const roots = (flags.root ?? []).map((root) => path.resolve(root));
    const firmware = (flags.symbols ?? []).map(({ path: given, address }) => ({ path: path.resolve(given), address }));
    const debug = debugSources(flags);
    const opening = { path: tracePath(file), vmlinux, cacheFolder: resultsFolder(), roots, firmware, debug };
    const { trace, summary } = await engine.request("open", opening, signal);
    // What a server has is there at the end only.
    const opened = debug.servers.length > 0 ? await engine.request("settled", { trace }, signal) : summary;
    const problem = opened.symbolsProblem;
    if (vmlinux.length > 0 && problem !== null) {
      if (flags.force !== true || problem.code !== "wrong-symbols") throw namesRefused(problem);
      await engine.request("setSymbols", { trace, vmlinux: vmlinux[0], force: true }, signal);
    }
    const settled = await engine.request("settled", { trace }, signal);
    if (vmlinux.length > 0 && settled.symbols === null && settled.symbolsProblem !== null) {
      throw namesRefused(settled.symbolsProblem);
    }
    const { firmwareProblem } = settled;
    if (firmwareProblem !== null)
      throw new BootscopeError(firmwareProblem.code, firmwareProblem.message, firmwareProblem.advice);
    return use({ engine, trace, summary: settled, signal });
  });
}

/** The path that the engine is given for a command's trace; `-` is the standard input. */
export const tracePath = (file: string): string => (file === "-" ? "/dev/stdin" : path.resolve(file));

function namesRefused(problem: NonNullable<TraceSummary["symbolsProblem"]>): BootscopeError {
  const advice =
    problem.code === "wrong-symbols" ? "Give the vmlinux of the same build, or use --force." : problem.advice;
  return new BootscopeError(problem.code, problem.message, advice);
}

function describe(notice: EngineNotice): string | null {
  if (notice.kind !== "progress") return null;
  const { activity, bytesDone, bytesTotal } = notice;
  if (bytesTotal === Infinity) return `${activity} … ${formatBytes(bytesDone)}`;
  return `${activity} … ${formatPercent(bytesTotal === 0 ? 1 : bytesDone / bytesTotal)}`;
}
