import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileHeat, functionAt, functionShareBucket, shareBucket } from "../../../src/features/sourceHeat/fileHeat";
import { heatState } from "../../../src/features/sourceHeat/heatState";
import {
  functionHover,
  functionLabel,
  type HeatContext,
  lineHover,
  lineLabel,
} from "../../../src/features/sourceHeat/heatText";
import { labelDistances, widthOf } from "../../../src/features/sourceHeat/labelColumn";
import type { CostHistory, FunctionOfFile, LinesResult, TraceSummary } from "../../../src/protocol/engine";
import { executions, instructions, nanoseconds } from "../../../src/protocol/units";

const totals = (count: number, perExecution = 10) => ({
  executions: executions(count),
  instructions: instructions(count * perExecution),
  time: nanoseconds(count * 100),
});

const functionOf = (name: string, line: number, count: number): FunctionOfFile => ({
  name,
  line,
  first: nanoseconds(1_243_000_000),
  ...totals(count),
});

/** A file whose lines have these executions; ten instructions and 100 ns each. */
function resultOf(
  lines: readonly (readonly [line: number, count: number])[],
  functions: FunctionOfFile[],
): LinesResult {
  const counts = lines.map(([, count]) => count);
  return {
    revision: 1,
    complete: true,
    file: "lib/mpi/generic_mpih-mul2.c",
    line: Uint32Array.from(lines, ([line]) => line),
    executions: Float64Array.from(counts),
    instructions: Float64Array.from(counts, (count) => count * 10),
    time: Float64Array.from(counts, (count) => count * 100),
    first: Float64Array.from(counts, () => 1_243_512_987),
    traceTotals: totals(400_000),
    rangeTotals: totals(200_000),
    fileTotals: totals(counts.reduce((sum, count) => sum + count, 0)),
    inlinedInto: lines.map(() => null),
    functions,
  };
}

const context: HeatContext = {
  metric: "instructions",
  clock: "host",
  instructionsCounted: true,
  range: null,
  trace: "boot.bst",
};

describe("fileHeat", () => {
  const functions = [functionOf("second", 20, 1000), functionOf("first", 5, 7000)];
  const result = resultOf(
    [
      [6, 6000],
      [7, 1000],
      [21, 996],
      [22, 4],
    ],
    functions,
  );

  it("leaves out what is below the threshold of the file's cost", () => {
    expect(fileHeat(result, "instructions", 0.1).lines.map(({ line }) => line)).toEqual([6, 7, 21]);
    expect(fileHeat(result, "instructions", 0).lines.map(({ line }) => line)).toEqual([6, 7, 21, 22]);
    expect(fileHeat(result, "instructions", 20).functions.map(({ name }) => name)).toEqual(["first"]);
  });

  it("measures shares of the range, of the file and of the function around the line", () => {
    const [line] = fileHeat(result, "executions", 0.1).lines;
    expect(line).toMatchObject({ line: 6, share: 0.03, fileShare: 0.75, bucket: 5, bar: 5 });
    expect(line.functionShare).toBeCloseTo(6 / 7);
    expect(line.function?.name).toBe("first");
  });

  it("shows nothing where nothing of the range was spent", () => {
    expect(fileHeat(resultOf([[6, 0]], functions), "time", 0)).toMatchObject({ lines: [] });
  });

  it("keeps the most expensive lines of a huge file, in order", () => {
    const many = Array.from({ length: 5000 }, (_, index) => [index + 1, 1 + ((index * 7919) % 5000)] as const);
    const { lines } = fileHeat(resultOf(many, []), "executions", 0);
    expect(lines).toHaveLength(1000);
    expect(Math.min(...lines.map((line) => line.executions))).toBe(4001);
    expect(lines.map(({ line }) => line)).toEqual(lines.map(({ line }) => line).sort((a, b) => a - b));
  });

  it("gives every line to the function that functionAt finds, and the function shares add up to one", () => {
    const lineNumbers = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lineNumbers, lineNumbers, (lines, starts) => {
        const entries = starts.map((line) => functionOf(`f${line}`, line, 1));
        const rows = lines.sort((a, b) => a - b).map((line) => [line, line] as const);
        const heat = fileHeat(resultOf(rows, entries), "executions", 0);
        expect(heat.lines).toHaveLength(rows.length);
        const sums = new Map<string, number>();
        for (const { line, function: owner, functionShare } of heat.lines) {
          expect(owner).toBe(functionAt(entries, line));
          sums.set(owner?.name ?? "", (sums.get(owner?.name ?? "") ?? 0) + functionShare);
        }
        for (const sum of sums.values()) expect(sum).toBeCloseTo(1);
      }),
    );
  });

  it("sorts shares into five steps", () => {
    expect([0.0001, 0.0003, 0.001, 0.005, 0.02, 1].map(shareBucket)).toEqual([1, 2, 3, 4, 5, 5]);
    expect([0.01, 0.03, 0.1, 0.2, 0.4, 1].map(functionShareBucket)).toEqual([1, 2, 3, 4, 5, 5]);
  });
});

describe("the words of source heat", () => {
  const entry = functionOf("mpihelp_submul_1", 5, 8000);
  const result = resultOf([[6, 8000]], [entry]);
  const [line] = fileHeat(result, "instructions", 0).lines;
  const plain = (text: string): string => text.replaceAll("\u00a0", " ");

  it("labels lines in columns", () => {
    expect(plain(lineLabel(line, context))).toBe(" 4.0 %  80.0 k    8,000×");
    expect(plain(lineLabel(line, { ...context, metric: "time" }))).toBe(" 4.0 %  800 µs    8,000×");
    expect(plain(lineLabel(line, { ...context, metric: "executions" }))).toBe(" 4.0 %  8,000×");
    expect(lineLabel(line, context)).not.toContain(" ");
  });

  it("labels functions with what they cost and when they came first", () => {
    expect(plain(functionLabel(entry, result.rangeTotals, context))).toBe("self 4.0 %  first 1.243 s");
    expect(plain(functionLabel(entry, result.rangeTotals, { ...context, clock: "events" }))).toContain(
      "first execution 1,243,000,000",
    );
  });

  it("tells all exact numbers in the hover", () => {
    const hover = plain(lineHover(line, result, context, null));
    expect(hover).toContain("| Instructions |   80,000 | 4.0 % | 100.0 % |");
    expect(hover).toContain("| Host time |   800,000 ns | 4.0 % | 100.0 % |");
    expect(hover).toContain("| Executions of its blocks |   8,000 | 4.0 % | 100.0 % |");
    expect(hover).toContain("First executed at 1.243513 s. 100.0 % of the function's lines.");
    expect(hover).toContain('command:bootscope.showInTrace?%5B%22mpihelp_submul_1%22%5D "');
  });

  it("tells when the cost was spent: as a histogram, and by phase of the boot", () => {
    const history: CostHistory = {
      revision: 1,
      range: { start: nanoseconds(0), end: nanoseconds(2_500_000_000) },
      values: Float64Array.of(0, 1, 400, 800, 0),
      phases: [
        { name: "init", cost: 900 },
        { name: "user space", cost: 301 },
      ],
    };
    const text = "Instructions over time: 0.000 s `·▁▄█·` 2.500 s\n\nBy phase: init 74.9 %, user space 25.1 %.";
    expect(lineHover(line, result, context, history)).toContain(text);
    expect(functionHover(entry, result, context, history)).toContain(text);
    const unknown = functionHover(entry, result, context, { ...history, phases: [] });
    expect(unknown).toContain("`·▁▄█·`");
    expect(unknown).not.toContain("By phase");
    expect(functionHover(entry, result, context, { ...history, values: new Float64Array(5) })).not.toContain("`·");
  });

  it("tells the share of the whole trace too when a range is selected", () => {
    const range = { start: nanoseconds(512_000_000), end: nanoseconds(731_000_000) };
    const hover = plain(functionHover(entry, result, { ...context, range }, null));
    expect(hover).toContain("0.512 s – 0.731 s of `boot.bst`");
    expect(hover).toContain("| Instructions |   80,000 | 4.0 % | 2.0 % |");
  });

  it("leaves out what the trace does not know", () => {
    const hover = lineHover(
      line,
      result,
      {
        ...context,
        metric: "executions",
        clock: "events",
        instructionsCounted: false,
      },
      null,
    );
    expect(hover).not.toContain("Instructions");
    expect(hover).not.toContain("Host time");
  });

  it("tells what a line was inlined into, and does not count it for the function above", () => {
    const into = { functions: ["f", "g"], cost: [60_000, 20_000], count: 4, total: 80_000 };
    const inlined = { ...result, inlinedInto: [into] };
    const [only] = fileHeat(inlined, "instructions", 0).lines;
    expect(only.function).toBeUndefined();
    const hover = lineHover(only, inlined, context, null);
    expect(hover).toContain("Inlined into `f` (75.0 %), `g` (25.0 %) and 2 others.");
    expect(hover).not.toContain("mpihelp_submul_1");

    const one = { functions: ["f"], cost: [8000], count: 1, total: 8000 };
    const partly = { ...result, inlinedInto: [one] };
    const [both] = fileHeat(partly, "instructions", 0).lines;
    expect(both.function).toBe(entry);
    expect(lineHover(both, partly, context, null)).toContain("Inlined into `f` (10.0 %).");
  });

  it("does not let a symbol's name become markup", () => {
    const hover = functionHover(functionOf("a`|](command:x)\n", 1, 10), result, context, null);
    expect(hover.split("\n")[0]).toBe("**`a__](command:x)_`** in `boot.bst`");
  });
});

describe("label columns", () => {
  it("measures tabs", () => {
    expect(widthOf("\tint x;", 8)).toBe(14);
    expect(widthOf("ab\tc", 8)).toBe(9);
    expect(widthOf("12345678\t", 8)).toBe(16);
  });

  it("lets labels start in one column, except after very long lines", () => {
    const aligned = (width: number) => ({ width, aligned: true });
    expect(labelDistances([aligned(10), aligned(20), aligned(200)])).toEqual([12, 2, 2]);
    expect(labelDistances([aligned(10), { width: 20, aligned: false }, { width: 1, aligned: false }])).toEqual([
      2, 2, 2,
    ]);
    expect(labelDistances([])).toEqual([]);
  });
});

describe("heatState", () => {
  const symbols = {
    path: "vmlinux",
    buildId: null,
    functions: 1,
    hasLines: true,
    match: { verdict: "matches", evidence: "" },
  } as const;
  const summary = { symbols, symbolsProblem: null } as unknown as TraceSummary;

  it("follows the switch when names are right", () => {
    expect(heatState(summary, true)).toEqual({ kind: "on" });
    expect(heatState(summary, false)).toEqual({ kind: "off" });
  });

  it("shows nothing when lines would be wrong or unknown", () => {
    const mismatch = { ...symbols, match: { verdict: "mismatch", evidence: "build-ids differ" } } as const;
    expect(heatState({ ...summary, symbols: mismatch }, true)).toMatchObject({
      kind: "unavailable",
      reason: expect.stringContaining("build-ids differ") as string,
    });
    expect(heatState({ ...summary, symbols: null }, true).kind).toBe("unavailable");
    expect(heatState({ ...summary, symbols: { ...symbols, hasLines: false } }, true).kind).toBe("unavailable");
  });
});
