import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  parseRecordReport,
  readRecordReport,
  type RecordReport,
  writeRecordReport,
} from "../../../src/qemu/recordReport";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bootscope-report-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("record report", () => {
  const running: RecordReport = { state: "recording", trace: "/t/boot.bst", pid: 42, eventLog: null };
  const failed: RecordReport = {
    state: "ended",
    ok: false,
    trace: "/t/boot.bst",
    reason: null,
    failure: { code: "qemu-failed", message: "QEMU ended with 1.", advice: "See the terminal." },
    executions: 7,
    incomplete: "The disk was full.",
    eventLog: "/t/boot.qemu.log",
  };

  it("is read as it was written, and replaced as a whole", async () => {
    const file = path.join(folder, "report.json");
    expect(await readRecordReport(file)).toBeUndefined();
    await writeRecordReport(file, running);
    expect(await readRecordReport(file)).toEqual(running);
    await writeRecordReport(file, failed);
    expect(await readRecordReport(file)).toEqual(failed);
    expect(await readdir(folder)).toEqual(["report.json"]);
  });

  it("is nothing when the file holds something else", async () => {
    const file = path.join(folder, "report.json");
    for (const text of ["", "{", "[]", "null", '{"state":"recording"}', '{"state":"ended"}']) {
      await writeFile(file, text);
      expect(await readRecordReport(file), text).toBeUndefined();
    }
  });

  it("never yields a field of the wrong type", () => {
    const anyState = fc.record(
      {
        state: fc.constantFrom("recording", "ended"),
        ok: fc.jsonValue(),
        trace: fc.jsonValue(),
        failure: fc.jsonValue(),
      },
      { requiredKeys: ["state"] },
    );
    fc.assert(
      fc.property(fc.oneof(anyState, fc.jsonValue()), (value) => {
        let report;
        try {
          report = parseRecordReport(JSON.stringify(value));
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return;
        }
        expect(report.trace === null || typeof report.trace === "string").toBe(true);
        if (report.state === "ended") expect(typeof report.ok).toBe("boolean");
      }),
    );
  });
});
