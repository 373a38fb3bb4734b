import { describe, expect, it } from "vitest";
import { type EndingEvidence, endingOf } from "../../../../src/features/traceBoot/ending";
import type { RecordOutcome } from "../../../../src/qemu/recordReport";

const counters = { executions: 5, fileBytes: 100, finished: true };
const outcome: RecordOutcome = {
  state: "ended",
  ok: true,
  trace: "/t.bst",
  reason: "guest-exit",
  failure: null,
  executions: 5,
  incomplete: null,
  eventLog: "/t.qemu.log",
};
const evidence: EndingEvidence = { report: outcome, trace: "/t.bst", counters, exitCode: 0, cancelled: false };
const failure = { code: "qemu-failed", message: "QEMU: no such machine", advice: "" } as const;

describe("endingOf", () => {
  it("is finished when the guest ended", () => {
    expect(endingOf(evidence)).toEqual({ kind: "finished", trace: "/t.bst", eventLog: "/t.qemu.log" });
  });

  it("is cancelled by the button, by a signal to the recorder, or by a failure that says so", () => {
    const partial = { path: "/t.bst", fileBytes: 100 };
    expect(endingOf({ ...evidence, cancelled: true })).toEqual({ kind: "cancelled", partial });
    expect(endingOf({ ...evidence, report: { ...outcome, ok: true, reason: "cancelled" } })).toEqual({
      kind: "cancelled",
      partial,
    });
    const cancelled = { code: "cancelled", message: "Cancelled.", advice: "" } as const;
    const report = { ...outcome, ok: false, reason: null, failure: cancelled };
    expect(endingOf({ ...evidence, report, trace: null, counters: undefined })).toEqual({
      kind: "cancelled",
      partial: null,
    });
  });

  it("is cancelled when its terminal was closed before the recorder could say anything", () => {
    const closed = { ...evidence, report: undefined, trace: null, counters: undefined, exitCode: undefined };
    expect(endingOf(closed)).toEqual({ kind: "cancelled", partial: null });
  });

  it("is failed with QEMU's reason, and without a partial trace when nothing ran", () => {
    const report = { ...outcome, ok: false, reason: null, failure };
    expect(endingOf({ ...evidence, report, counters: { executions: 0, fileBytes: 4096, finished: false } })).toEqual({
      kind: "failed",
      failure,
      partial: null,
    });
  });

  it("keeps what was recorded when the recorder was killed", () => {
    const report = { state: "recording", trace: "/t.bst", pid: 1, eventLog: null } as const;
    const ending = endingOf({ ...evidence, report, exitCode: 137 });
    expect(ending).toMatchObject({ kind: "failed", partial: { path: "/t.bst" } });
    expect(ending.kind === "failed" && ending.failure.message).toContain("137");
    expect(endingOf({ ...evidence, report: undefined, trace: null, counters: undefined })).toMatchObject({
      kind: "failed",
      partial: null,
    });
  });
});
