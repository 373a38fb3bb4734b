/** The reader on a recording of a whole boot: what the recorder counted, and what is left of it after cuts at any byte. */
import { copyFileSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { openTraceFile } from "../../src/trace/reader";
import type { TraceFile } from "../../src/trace/types";
import { chunkCounts } from "../support/decodeTrace";

let file: string;
let folder: string;
let trace: TraceFile;

beforeAll(async () => {
  file = await ensureBootTrace({ preset: "deterministic" });
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-trace-"));
  trace = await openTraceFile(file);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("decodes the executions and instructions that the recorder counted, chunk by chunk", () => {
  const { instructions } = trace.blocks;
  const decoded = chunkCounts(trace).map(({ counts, outcome }) => ({
    executions: outcome.executions,
    instructions: counts.reduce((sum, count, block) => sum + count * instructions[block], 0),
    intact: outcome.intact,
  }));
  expect(decoded).toEqual(trace.chunks.map((chunk) => ({ ...pick(chunk), intact: true })));
  const total = decoded.reduce((sum, { executions }) => sum + executions, 0);
  expect(total).toBeGreaterThan(200e6);
  expect(trace.damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
});

it("begins each chunk where the one before it ended", () => {
  let executions = 0;
  let instructions = 0;
  let time = 0;
  for (const chunk of trace.chunks) {
    expect(chunk).toMatchObject({ firstExecution: executions, firstInstruction: instructions });
    expect(chunk.startTime).toBeGreaterThanOrEqual(time);
    executions += chunk.executions;
    instructions += chunk.instructions;
    time = chunk.endTime;
  }
});

it("opens every cut of the file, up to the cut", async () => {
  const cut = path.join(folder, "cut.bst");
  copyFileSync(file, cut);
  const lengths = Array.from({ length: 40 }, (_, index) => Math.floor((trace.bytes * (39 - index + 0.37)) / 40));
  for (const length of lengths) {
    truncateSync(cut, length);
    const part = await openTraceFile(cut);
    expect(part.damage.truncated).toBe(true);
    const whole = trace.chunks.filter((chunk) => chunk.offset + chunk.length <= length);
    expect(part.chunks.slice(0, whole.length).map(pick)).toEqual(whole.map(pick));
    const [last] = chunkCounts({ ...part, chunks: part.chunks.slice(-1) });
    const original = trace.chunks.find(({ offset }) => offset === part.chunks.at(-1)?.offset);
    expect(last.outcome.executions).toBeLessThanOrEqual(original?.executions ?? 0);
    expect(last.outcome.intact).toBe(true);
  }
});

const pick = ({ executions, instructions }: { executions: number; instructions: number }) => ({
  executions,
  instructions,
});
