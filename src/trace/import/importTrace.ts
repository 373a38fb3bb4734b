/** Imports foreign traces: any form that is recognized by content becomes a .bst file. */
import { BootscopeError } from "../../protocol/failure";
import { openForReading } from "../reader";
import type { TraceMetadata } from "../types";
import { TraceWriter } from "../writer";
import { detectFormat, type Detected } from "./detect";
import { importQemuLog } from "./qemuLog";
import { importSimpletrace } from "./simpletrace";
import type { FileHandle } from "node:fs/promises";

export interface ImportOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
  /** The bundled logWorker: large logs are then parsed on threads. Without, everything happens on the calling thread. */
  readonly logWorker?: string | undefined;
  /** Size of the pieces in which a log is parsed (tests want it small). */
  readonly logBlockBytes?: number;
}

export interface ImportTrust {
  readonly mode: "complete" | "chained" | "incomplete";
  /** Plain sentences. */
  readonly reasons: readonly string[];
}

/** What an importer found. */
export interface ImportResult {
  readonly format: string;
  readonly executions: number;
  readonly vcpus: number;
  /** Nanoseconds, or executions where the source has no clock. */
  readonly endTime: number;
  readonly stamped: boolean;
  /** Times that lay before the one before them. */
  readonly stepsBack: number;
  /** Records that the source says it lost. */
  readonly dropped: number;
  readonly trust: ImportTrust;
}

/**
 * Imports the trace at `path` into a .bst file at `output`, which appears whole or not at all.
 * @throws BootscopeError `not-a-trace` when the content is none of the known forms or holds no executed block,
 *         `unsupported` for compressed files, `not-found`, `unreadable`, `unwritable`; AbortError when the signal fires
 */
export async function importTrace(path: string, output: string, options: ImportOptions = {}): Promise<ImportResult> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const detected = await detectFormat(file, path, size);
    if (detected.format === "bst") {
      throw new BootscopeError("unsupported", `${path} is a Bootscope trace already.`, "Open it as it is.");
    }
    const writer = await TraceWriter.create(output);
    try {
      const result = await runImporter(file, path, size, detected, writer, options);
      if (result.executions === 0) throw noExecutions(path);
      writer.addMetadata(importedMetadata(result, path, size));
      await writer.finish(result.endTime, "imported");
      return result;
    } finally {
      await writer.discard();
    }
  } finally {
    await file.close();
  }
}

function runImporter(
  file: FileHandle,
  path: string,
  size: number,
  detected: Exclude<Detected, { format: "bst" }>,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  switch (detected.format) {
    case "qemu-log":
      return importQemuLog(file, size, detected.clock, writer, options);
    case "simpletrace":
      return importSimpletrace(file, size, path, detected.header, writer, options);
  }
}

function importedMetadata(result: ImportResult, path: string, size: number): TraceMetadata {
  const reasons = [...result.trust.reasons];
  if (result.stepsBack > 0) {
    reasons.push(
      `The clock of the source stepped back ${result.stepsBack} times; those times were raised to the one before.`,
    );
  }
  return {
    vcpus: result.vcpus,
    capture: { mode: result.trust.mode, reasons },
    clock: { kind: result.stamped ? "host" : "events", tickShift: 0 },
    instructionsCounted: false,
    source: { format: result.format, path, bytes: String(size) },
    dropped: result.dropped,
  };
}

const noExecutions = (path: string): BootscopeError =>
  new BootscopeError(
    "not-a-trace",
    `${path} holds no executed block.`,
    "Record with Trace Boot, or with QEMU's -d exec,nochain.",
  );
