import { spawnSync } from "node:child_process";
import { open as openFile, readdir, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { localEngine, type LocalEngine } from "../../../src/engine/local";
import type { FunctionsPage, TimeRange, TraceHandle, TraceSummary } from "../../../src/protocol/engine";
import { nanoseconds } from "../../../src/protocol/units";
import { temporaryFile } from "../../support/buildTrace";

/** Lines as `-d exec` writes them, of more and more blocks. */
function lines(from: number, to: number): string {
  const line = (_: unknown, index: number): string => {
    const block = ((from + index) % Math.ceil((from + index + 1) / 1000)).toString(16).padStart(4, "0");
    return `Trace 0: 0x7f0012345678 [00000000/00000000ffff${block}/00000000/ff020000] \n`;
  };
  return Array.from({ length: to - from }, line).join("");
}

interface Import {
  readonly engine: LocalEngine;
  readonly trace: TraceHandle;
  readonly summaries: TraceSummary[];
  readonly source: FileHandle;
  readonly cacheFolder: string;
}

/** An import of what is yet to be written to a pipe. */
async function startImport(): Promise<Import> {
  const pipe = await temporaryFile("qemu.log");
  spawnSync("mkfifo", [pipe]);
  const summaries: TraceSummary[] = [];
  const engine = localEngine(null, (notice) => {
    if (notice.kind === "changed") summaries.push(notice.summary);
  });
  onTestFinished(() => engine.dispose());
  const cacheFolder = path.join(path.dirname(pipe), "cache");
  const { trace } = await engine.request("open", { path: pipe, vmlinux: [], cacheFolder });
  const source = await openFile(pipe, "w");
  return { engine, trace, summaries, source, cacheFolder };
}

const functions = ({ engine, trace }: Import, range: TimeRange | null = null): Promise<FunctionsPage> =>
  engine.request("functions", {
    trace,
    range,
    sort: "executions",
    descending: true,
    filter: "",
    metric: "executions",
    offset: 0,
    limit: 1000,
  });

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

describe("a trace that is being imported", () => {
  it("has a table before its end, of what was read until then, and then one of all", async () => {
    const slow = await startImport();
    const early = functions(slow);
    await slow.source.writeFile(lines(0, 300_000));
    // Nobody has closed the pipe: the import cannot have ended.
    const page = await early;
    const { executions } = page.traceTotals;
    expect(page.complete).toBe(false);
    expect(executions).toBeGreaterThan(0);
    expect(executions).toBeLessThanOrEqual(300_000);
    expect(sum(page.executions)).toBe(executions);
    const shown = await slow.engine.request("summary", { trace: slow.trace });
    expect(shown).toMatchObject({ complete: false, clock: "events", trust: { level: "incomplete", damagedBytes: 0 } });
    expect(shown.trust.reasons[0]).toContain("The import goes on");
    expect(shown.trust.reasons.join()).toContain("chaining on");
    expect(shown.distinctBlocks).toBeLessThanOrEqual(300);

    await slow.source.writeFile(lines(300_000, 400_000));
    await slow.source.close();
    const summary = await slow.engine.request("settled", { trace: slow.trace });
    expect(summary).toMatchObject({ complete: true, executions: 400_000, distinctBlocks: 400 });
    expect(summary.trust.reasons.join()).not.toContain("The import goes on");
    expect((await functions(slow)).traceTotals.executions).toBe(400_000);
    // No number that was shown on the way went back.
    const counts = slow.summaries.map((each) => each.executions);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect((await readdir(slow.cacheFolder)).filter((name) => name.startsWith("import-"))).toHaveLength(1);
  });

  it("stays as it is when the import is stopped, and says so", async () => {
    const slow = await startImport();
    const early = functions(slow);
    await slow.source.writeFile(lines(0, 300_000));
    const before = (await early).traceTotals.executions;
    await slow.engine.request("stop", { trace: slow.trace });
    const summary = await slow.engine.request("settled", { trace: slow.trace });
    await slow.source.close();
    expect(summary.executions).toBeGreaterThanOrEqual(before);
    const whole = await functions(slow);
    expect(whole.complete).toBe(true);
    expect(sum(whole.executions)).toBe(summary.executions);
    // Without a clock, times are numbers of executions.
    for (const [start, end] of [
      [0, before],
      [1234, 56_789],
      [before - 1, summary.executions],
    ] as const) {
      const page = await functions(slow, { start: nanoseconds(start), end: nanoseconds(end) });
      expect(page.rangeTotals.executions).toBe(end - start);
    }
    expect(summary.trust.reasons.join()).toContain("The import was stopped after");
    // Nobody will ask for what was found in a part again.
    expect((await readdir(slow.cacheFolder)).filter((name) => /^(scan|names)-/.test(name))).toEqual([]);
  });

  it("leaves nothing behind when it is closed", async () => {
    const slow = await startImport();
    const early = functions(slow);
    await slow.source.writeFile(lines(0, 300_000));
    await early;
    const settled = slow.engine.request("settled", { trace: slow.trace }).catch((error: unknown) => error);
    await slow.engine.request("close", { trace: slow.trace });
    expect(await settled).toMatchObject({ code: "cancelled" });
    await slow.source.close();
    expect(await readdir(slow.cacheFolder)).toEqual([]);
  });
});
