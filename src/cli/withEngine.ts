import path from "node:path";
import { localEngine, type LocalEngine } from "../engine/local";
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { formatBytes, formatPercent } from "../protocol/format";
import { cacheFolder } from "../qemu/cacheFolder";
import { progressLine } from "./progressLine";
import { debugSources, type TraceFlags } from "./traceOptions";

/** A trace that was read to its end, and the engine to ask about it. */
export interface OpenedTrace {
  readonly engine: LocalEngine;
  readonly trace: TraceHandle;
  readonly summary: TraceSummary;
  readonly signal: AbortSignal;
}

/** Where what is computed is kept between two runs. */
export const resultsFolder = (): string => path.join(cacheFolder(), "results");

export interface EngineUse {
  /** Is told of traces that are open. */
  readonly onChange?: (summary: TraceSummary) => void;
  /** Shows no progress. */
  readonly quiet?: boolean;
}

/**
 * Runs `use` with an engine. Shows its progress on a terminal; Ctrl+C cancels what it does.
 * @param use may take over the first Ctrl+C by giving its last argument what is to be done then
 */
export async function withEngine<T>(
  use: (engine: LocalEngine, signal: AbortSignal, onInterrupt: (first: () => void) => void) => Promise<T>,
  { onChange, quiet = false }: EngineUse = {},
): Promise<T> {
  const line = progressLine();
  const interrupt = new AbortController();
  let first: (() => void) | null = null;
  const onSignal = (): void => {
    const before = first;
    first = null;
    if (before === null) interrupt.abort();
    else before();
  };
  const engine = localEngine(__dirname, (notice) => {
    if (notice.kind === "changed") onChange?.(notice.summary);
    const text = quiet ? null : describe(notice);
    if (text !== null) line.show(text);
    // What went wrong beside the answer: a server that failed, a list of modules that is of no use.
    if (notice.kind !== "log" || notice.level === "debug" || notice.level === "info") return;
    line.clear();
    process.stderr.write(`bootscope: ${notice.text}\n`);
  });
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  interrupt.signal.addEventListener("abort", () => engine.dispose(), { once: true });
  try {
    return await use(engine, interrupt.signal, (taken) => (first = taken));
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
    const { trace, summary, vmlinux, debug } = await openTrace(engine, file, flags, signal, false);
    // What a server has is there at the end only.
    const opened = debug.servers.length > 0 ? await engine.request("settled", { trace }, signal) : summary;
    const problem = opened.symbolsProblem;
    if (vmlinux.length > 0 && problem !== null) {
      if (flags.force !== true || problem.code !== "wrong-symbols") throw namesRefused(problem);
      await engine.request("setSymbols", { trace, vmlinux: vmlinux[0], force: true }, signal);
    }
    const settled = await engine.request("settled", { trace }, signal);
    requireNames(settled, vmlinux);
    return use({ engine, trace, summary: settled, signal });
  });
}

/** Opens a trace with what a command's flags name. */
export async function openTrace(
  engine: LocalEngine,
  file: string,
  flags: TraceFlags,
  signal: AbortSignal,
  follow: boolean,
) {
  const vmlinux = flags.vmlinux === undefined ? [] : [path.resolve(flags.vmlinux)];
  const roots = (flags.root ?? []).map((root) => path.resolve(root));
  const firmware = (flags.symbols ?? []).map(({ path: given, address }) => ({ path: path.resolve(given), address }));
  const debug = debugSources(flags);
  const modules = flags.modules === undefined ? undefined : path.resolve(flags.modules);
  const given = { vmlinux, roots, firmware, debug, modules };
  const opening = { path: tracePath(file), cacheFolder: resultsFolder(), ...given, follow };
  return { ...(await engine.request("open", opening, signal)), vmlinux, debug };
}

/** The path that the engine is given for a command's trace; `-` is the standard input. */
export const tracePath = (file: string): string => (file === "-" ? "/dev/stdin" : path.resolve(file));

/** Throws when what was given to name addresses does not. */
export function requireNames(
  { symbols, symbolsProblem, firmwareProblem }: TraceSummary,
  vmlinux: readonly string[],
): void {
  if (vmlinux.length > 0 && symbols === null && symbolsProblem !== null) throw namesRefused(symbolsProblem);
  if (firmwareProblem === null) return;
  throw new BootscopeError(firmwareProblem.code, firmwareProblem.message, firmwareProblem.advice);
}

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
