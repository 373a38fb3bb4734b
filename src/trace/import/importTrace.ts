/** Imports foreign traces: any form that is recognized by content becomes a .bst file. */
import { BootscopeError } from "../../protocol/failure";
import { formatBytes } from "../../protocol/format";
import { maximumCount } from "../limits";
import type { TraceMetadata } from "../types";
import { TraceWriter } from "../writer";
import { detectFormat } from "./detect";
import { StoppableInput } from "./input/stoppableInput";
import { unpackRecording } from "./input/unpackRecording";
import { openTraceInput } from "./openTraceInput";
import type { ImportOptions, ImportResult, TraceImporter } from "./traceFormat";
import { steppedBack } from "./trustSentences";

/**
 * Makes a .bst file at `output` of the foreign trace at `path`, which may be compressed, a pipe, or one of several logs. It appears whole or not at all.
 * @throws BootscopeError `not-a-trace` when the content is none of the known forms or holds nothing,
 *         `unsupported` for a .bst, `not-found`, `unreadable`, `unwritable`; AbortError when the signal fires
 */
export async function importTrace(path: string, output: string, options: ImportOptions = {}): Promise<ImportResult> {
  const input = await openStoppable(path, options);
  try {
    const { import: importer } = await detectFormat(input);
    if (importer === null) throw alreadyImported(path);
    return await importForeign(input, importer, output, options);
  } finally {
    await input.close();
  }
}

/**
 * As `importTrace`, also for a .bst in a compressed file or a pipe: that is then at `output` as it was.
 * @returns null when it was such a .bst
 */
export async function unpackOrImport(
  path: string,
  output: string,
  options: ImportOptions,
): Promise<ImportResult | null> {
  const input = await openStoppable(path, options);
  try {
    const { import: importer } = await detectFormat(input);
    if (importer !== null) return await importForeign(input, importer, output, options);
    if (input.file !== null) throw alreadyImported(path);
    await unpackRecording(input, output, options);
    return null;
  } finally {
    await input.close();
  }
}

async function openStoppable(path: string, { signal, stop, follow }: ImportOptions): Promise<StoppableInput> {
  const signals = [signal, stop].filter((one) => one !== undefined);
  const either = signals.length === 0 ? undefined : AbortSignal.any(signals);
  return new StoppableInput(await openTraceInput(path, either, follow), stop);
}

async function importForeign(
  input: StoppableInput,
  importer: TraceImporter,
  output: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const writer = await TraceWriter.create(output);
  try {
    let soFar: (() => ImportResult) | null = null;
    const growing = {
      path: writer.partPath,
      isPassing: true,
      tail: () => writer.tail(soFar === null ? {} : importedMetadata(soFar(), input)),
    };
    const progress = (done: number, total: number): void => {
      options.progress?.(done, total);
      options.onGrown?.(growing);
    };
    const tellSoFar = (tell: () => ImportResult): void => void (soFar = tell);
    const result = await importer(input, writer, { ...options, progress, tellSoFar });
    if (result.executions === 0 && result.events === 0) throw input.stopped ? stoppedAtOnce() : noExecutions(input);
    writer.addMetadata(importedMetadata(result, input));
    // Events may lie further apart than a trace's own times can say.
    await writer.finish(Math.min(result.endTime, maximumCount), "imported");
    return result;
  } finally {
    await writer.discard();
  }
}

function importedMetadata(result: ImportResult, input: StoppableInput): TraceMetadata {
  const { path, problem, notes, bytesDone, stopped } = input;
  const reasons = [...result.trust.reasons, ...notes];
  if (result.stepsBack > 0) reasons.push(steppedBack(result.stepsBack));
  if (problem !== null) reasons.push(problem);
  if (stopped) reasons.push(stoppedReason(input));
  return {
    vcpus: result.vcpus,
    ...(result.target !== undefined && { target: result.target }),
    ...(result.systemEmulation !== undefined && { systemEmulation: result.systemEmulation }),
    capture: { mode: stopped && result.trust.mode === "complete" ? "incomplete" : result.trust.mode, reasons },
    clock: { kind: result.stamped ? "host" : "events", tickShift: 0 },
    instructionsCounted: result.instructionsCounted ?? false,
    source: { format: result.format, path, bytes: String(bytesDone) },
    dropped: result.dropped,
    events: { origin: String(result.eventOrigin) },
  };
}

function stoppedReason({ bytesDone, bytesTotal }: StoppableInput): string {
  const part =
    bytesTotal === Infinity ? formatBytes(bytesDone) : `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
  return `The import was stopped after ${part}: all numbers are of that part. Open the file again to import all of it.`;
}

const stoppedAtOnce = (): BootscopeError =>
  new BootscopeError("cancelled", "The import was cancelled before anything was found.");

const noExecutions = ({ path, problem }: StoppableInput): BootscopeError =>
  new BootscopeError(
    "not-a-trace",
    `${path} holds neither an executed block nor an event.`,
    problem ?? "Record with Trace Boot, or with QEMU's -d exec,nochain.",
  );

const alreadyImported = (path: string): BootscopeError =>
  new BootscopeError("unsupported", `${path} is a Bootscope trace already.`, "Open it as it is.");
