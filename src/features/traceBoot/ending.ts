/** How a recording ended, in the terms in which a person is told. */
import type { Failure } from "../../protocol/failure";
import type { RecordReport } from "../../qemu/recordReport";
import type { LiveCounters } from "../../qemu/liveCounters";

export type Ending =
  | { readonly kind: "finished"; readonly trace: string; readonly eventLog: string | null }
  | { readonly kind: "cancelled"; readonly partial: PartialTrace | null }
  | { readonly kind: "failed"; readonly failure: Failure; readonly partial: PartialTrace | null };

/** A trace that holds something although its recording did not end by itself. */
export interface PartialTrace {
  readonly path: string;
  readonly fileBytes: number;
}

export interface EndingEvidence {
  /** What the recorder said last; undefined when it was killed before it said anything. */
  readonly report: RecordReport | undefined;
  readonly trace: string | null;
  /** What the trace file's head counts; undefined when there is no such file. */
  readonly counters: LiveCounters | undefined;
  /** Undefined when the task was terminated or its terminal closed. */
  readonly exitCode: number | undefined;
  /** Cancel was pressed here. */
  readonly cancelled: boolean;
}

export function endingOf({ report, trace, counters, exitCode, cancelled }: EndingEvidence): Ending {
  const holdsBlocks = trace !== null && counters !== undefined && counters.executions > 0;
  const partial = holdsBlocks ? { path: trace, fileBytes: counters.fileBytes } : null;
  const outcome = report?.state === "ended" ? report : undefined;
  const closed = outcome === undefined && exitCode === undefined;
  if (cancelled || closed || outcome?.reason === "cancelled") return { kind: "cancelled", partial };
  if (outcome?.ok === true && trace !== null) return { kind: "finished", trace, eventLog: outcome.eventLog };
  const failure = outcome?.failure ?? unreportedFailure(exitCode ?? 0);
  return failure.code === "cancelled" ? { kind: "cancelled", partial } : { kind: "failed", failure, partial };
}

const unreportedFailure = (exitCode: number): Failure => ({
  code: "internal",
  message: `The recorder ended without saying how (exit code ${exitCode}).`,
  advice: "Its terminal may show why.",
});
