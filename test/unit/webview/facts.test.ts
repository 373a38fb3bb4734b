import { describe, expect, it } from "vitest";
import type { TraceSummary, Trust } from "../../../src/protocol/engine";
import { executions, instructions, nanoseconds } from "../../../src/protocol/units";
import { doubt, identity } from "../../../webview/traceEditor/header/facts";

const complete: Trust = { level: "complete", reasons: [], dropped: 0, truncated: false, damagedBytes: 0 };
const summary: TraceSummary = {
  path: "/x/boot.bst",
  fileBytes: 1,
  format: "bst",
  target: "x86_64",
  guest: "Linux 6.1.0",
  qemu: "7.2.22",
  commandLine: [],
  vcpus: 2,
  deterministic: true,
  clock: "host",
  instructionsCounted: true,
  executions: executions(1),
  instructions: instructions(1),
  distinctBlocks: 1,
  duration: nanoseconds(1),
  trust: complete,
  symbols: null,
  symbolsProblem: null,
  named: executions(0),
  unnamed: [],
  revision: 1,
  complete: true,
};

describe("the header's words", () => {
  it("name what is known and nothing else", () => {
    expect(identity(summary)).toEqual(["Linux 6.1.0", "QEMU 7.2.22", "x86_64", "2 vCPUs", "deterministic"]);
    const bare = {
      ...summary,
      guest: null,
      qemu: null,
      target: null,
      vcpus: 1,
      deterministic: false,
      format: "qemu-log",
    };
    expect(identity(bare)).toEqual(["1 vCPU", "imported from qemu-log"]);
    expect(identity({ ...summary, qemu: "QEMU emulator 8.0" })).toContain("QEMU emulator 8.0");
  });

  it("doubt every trace that is not complete, and no other", () => {
    expect(doubt(summary)).toBeNull();
    const doubts: Partial<Trust>[] = [
      { level: "chained" },
      { reasons: ["Why."] },
      { truncated: true },
      { dropped: 12_345 },
      { damagedBytes: 4096 },
    ];
    for (const part of doubts) expect(doubt({ ...summary, trust: { ...complete, ...part } })).toMatch(/\S+\.$/);
    expect(doubt({ ...summary, trust: { ...complete, dropped: 12_345 } })).toContain("12,345");
  });
});
