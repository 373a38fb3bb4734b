import { describe, expect, it } from "vitest";
import { Category, type TraceSummary, type Trust } from "../../../src/protocol/engine";
import { executions, instructions, nanoseconds } from "../../../src/protocol/units";
import {
  doubt,
  identity,
  isLacking,
  sourceWords,
  symbolDetails,
  symbolRemarks,
} from "../../../webview/traceEditor/header/facts";

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
  events: 0,
  duration: nanoseconds(1),
  trust: complete,
  symbols: null,
  symbolsProblem: null,
  firmwareProblem: null,
  named: executions(0),
  unnamed: [],
  revision: 1,
  complete: true,
  settled: true,
  follow: null,
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

  it("do not call a vmlinux a source of names that was compared with nothing and names nothing", () => {
    const of = (verdict: "matches" | "unchecked" | "overridden", named: number) =>
      sourceWords({ path: "", buildId: null, functions: 1, hasLines: true, match: { verdict, evidence: "" } }, named);
    expect(of("matches", 0)).toBe("Names from ");
    expect(of("unchecked", 5)).toBe("Names from ");
    expect(of("unchecked", 0)).toBe("Nothing here is named by ");
    expect(of("overridden", 5)).toContain("may be wrong");
  });

  it("say shortly that a vmlinux belongs to the trace, and what it lacks", () => {
    const buildId = "3685c0ffee3685c0ffee3685c0ffee3685c0ffee";
    const byId = {
      verdict: "matches",
      evidence: `The guest's kernel has the build-id of this vmlinux, ${buildId}.`,
    } as const;
    const symbols = { path: "/x/vmlinux", buildId, functions: 1, hasLines: true, match: byId };
    expect(symbolRemarks(symbols)).toEqual(["build-id 3685c0ff… matches"]);
    const byBytes = { verdict: "matches", evidence: "98.7 % of 4,096 recorded kernel blocks have the bytes." } as const;
    expect(symbolRemarks({ ...symbols, hasLines: false, match: byBytes })).toEqual([
      "98.7 % of 4,096 recorded kernel blocks have the bytes",
      "no line numbers in it",
    ]);
    expect(symbolRemarks({ ...symbols, match: { verdict: "unchecked", evidence: "" } })).toEqual([]);
    const damaged = { ...symbols, problem: ".debug_line is damaged at offset 0x4: a unit is too short." };
    expect(symbolRemarks(damaged).at(-1)).toBe("damaged: names or lines are missing");
    expect(symbolDetails(damaged)).toContain(damaged.problem);
  });

  it("tell where KASLR put the kernel, and the files that were named beside it", () => {
    const match = { verdict: "matches", evidence: "The bytes are the same." } as const;
    const symbols = { path: "/x/vmlinux", buildId: null, functions: 1, hasLines: true, match };
    const slide = { virtual: "0x1e400000", physical: "0x200000" };
    const place = { path: "/x/ext4.ko", category: Category.Module, address: "ffffffffc0000000", bytes: 1, blocks: 9 };
    const files = ["ext4", "ext4", "mbcache", "jbd2", "worker"].map((name) => ({ ...place, name }));
    const remarks = (count: number) => symbolRemarks({ ...symbols, slide, files: files.slice(0, count) }).slice(1);
    expect(symbolRemarks({ ...symbols, slide: { virtual: "0x0", physical: "0x0" }, files: [] })).toHaveLength(1);
    expect(remarks(0)).toEqual(["moved by 0x1e400000"]);
    expect(remarks(2)).toEqual(["moved by 0x1e400000", "also ext4"]);
    expect(remarks(5)[1]).toBe("also ext4, mbcache, jbd2, worker");
    const many = [...files, { ...place, name: "busybox" }];
    expect(symbolRemarks({ ...symbols, files: many }).at(-1)).toBe("also ext4, mbcache, jbd2 and 2 more files");
    expect(symbolDetails({ ...symbols, slide, files: files.slice(0, 1) }).split("\n")).toEqual([
      ...["/x/vmlinux", "The bytes are the same.", "Moved by KASLR: 0x1e400000 virtual, 0x200000 physical."],
      "ffffffffc0000000 ext4 (/x/ext4.ko)",
    ]);
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

  it("propose another recording only where this one lacks something", () => {
    expect(isLacking(summary)).toBe(false);
    expect(isLacking({ ...summary, trust: { ...complete, reasons: ["An excerpt, complete in itself."] } })).toBe(false);
    const lacks: Partial<Trust>[] = [{ level: "chained" }, { truncated: true }, { dropped: 1 }, { damagedBytes: 1 }];
    for (const part of lacks) expect(isLacking({ ...summary, trust: { ...complete, ...part } })).toBe(true);
    // Of a part of what is being imported, nobody knows.
    expect(isLacking({ ...summary, complete: false, trust: { ...complete, level: "incomplete" } })).toBe(false);
  });
});
