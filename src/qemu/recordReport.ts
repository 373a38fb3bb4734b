/**
 * The file by which `bootscope record --report FILE` tells whoever started it what it is doing: written when the recording
 * starts and again when it has ended, each time as a whole.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import type { Failure, FailureCode } from "../protocol/failure";

export type RecordReport =
  | { readonly state: "recording"; readonly trace: string; readonly pid: number; readonly eventLog: string | null }
  | RecordOutcome;

export interface RecordOutcome {
  readonly state: "ended";
  readonly ok: boolean;
  /** The trace file; null when none was begun. */
  readonly trace: string | null;
  /** Why the recording ended; null when it failed. */
  readonly reason: "guest-exit" | "cancelled" | "timeout" | null;
  readonly failure: Failure | null;
  readonly executions: number;
  /** Why the trace ends before the guest did; null: it does not. */
  readonly incomplete: string | null;
  /** Log of QEMU's own trace events, when some were recorded. */
  readonly eventLog: string | null;
}

/** Replaces the report in one step: a reader sees the old one or the new one, never a part. */
export async function writeRecordReport(file: string, report: RecordReport): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(report, null, 2)}\n`);
  await rename(draft, file);
}

/** The report, or undefined while there is none, or what is there is not one. */
export async function readRecordReport(file: string): Promise<RecordReport | undefined> {
  try {
    return parseRecordReport(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Checks a report's text. @throws SyntaxError when it is not JSON, TypeError when it is not a report. */
export function parseRecordReport(text: string): RecordReport {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new TypeError("Not a recording report.");
  const { state, ok, trace, reason, failure, pid, executions } = value;
  const eventLog = typeof value["eventLog"] === "string" ? value["eventLog"] : null;
  if (state === "recording" && typeof trace === "string" && typeof pid === "number") {
    return { state, trace, pid, eventLog };
  }
  if (state !== "ended" || typeof ok !== "boolean") throw new TypeError("Not a recording report.");
  return {
    state,
    ok,
    trace: typeof trace === "string" ? trace : null,
    reason: reason === "guest-exit" || reason === "cancelled" || reason === "timeout" ? reason : null,
    failure: parseFailure(failure),
    executions: typeof executions === "number" ? executions : 0,
    incomplete: typeof value["incomplete"] === "string" ? value["incomplete"] : null,
    eventLog,
  };
}

function parseFailure(value: unknown): Failure | null {
  if (!isObject(value) || typeof value["message"] !== "string") return null;
  const { code, message, advice } = value;
  return {
    code: (typeof code === "string" ? code : "internal") as FailureCode,
    message,
    advice: typeof advice === "string" ? advice : "",
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
