import { describe, expect, it } from "vitest";
import type { FunctionsPage } from "../../../src/protocol/engine";
import { executions, instructions, nanoseconds } from "../../../src/protocol/units";
import { exportedRows, toCsv, toJson, toTsv } from "../../../src/features/traceEditor/exportRows";
import { pageFunctions } from "../../../src/features/traceEditor/tightColumns";

const totals = { executions: executions(3), instructions: instructions(30), time: nanoseconds(300) };

/** Two functions whose columns are views into the middle of larger buffers, as an engine may send them. */
const page: FunctionsPage = {
  revision: 1,
  complete: true,
  offset: 0,
  executed: 2,
  matched: 2,
  hits: new Uint32Array(0),
  rangeTotals: totals,
  matchedTotals: totals,
  traceTotals: totals,
  rangeLargest: totals,
  id: new Uint32Array(100).subarray(10, 12),
  name: ["memcpy", 'odd "name", with\ttab'],
  rawNames: [["memcpy.cold", "memcpy.isra.0"], []],
  address: BigUint64Array.of(0n, 0xffffffff81000010n, 0x7fn, 0n).subarray(1, 3),
  category: Buffer.from([2, 5]),
  file: ["lib/string.c", null],
  sourceRoots: [],
  line: Uint32Array.of(26, 0),
  executions: Float64Array.of(9, 12_345_678_901_234, 2, 9).subarray(1, 3),
  instructions: Float64Array.of(10, 20),
  time: Float64Array.of(100.4, 200),
  first: Float64Array.of(1, 2),
  note: ["", "no symbols"],
  inlinedInto: [null, { functions: ["f", "g"], cost: [3, 1], count: 4, total: 6 }],
};

describe("exported rows", () => {
  it("hold exact numbers and full addresses", () => {
    expect(exportedRows(page)[0]).toEqual({
      function: "memcpy",
      address: "0xffffffff81000010",
      category: "kernel",
      executions: 12_345_678_901_234,
      instructions: 10,
      timeNs: 100,
      firstNs: 1,
      file: "lib/string.c",
      line: 26,
      note: "",
      inlinedInto: "",
      rawNames: "memcpy.cold memcpy.isra.0",
    });
  });

  it("keep one row per line as TSV", () => {
    const lines = toTsv(exportedRows(page)).replace(/\n$/, "").split("\n");
    expect(lines.length).toBe(3);
    expect(new Set(lines.map((line) => line.split("\t").length))).toEqual(new Set([12]));
    expect(lines[2]).toContain('odd "name", with tab');
  });

  it("quote what CSV needs quoted", () => {
    const [, first, second] = toCsv(exportedRows(page)).split("\n");
    expect(first).toBe(
      "memcpy,0xffffffff81000010,kernel,12345678901234,10,100,1,lib/string.c,26,,,memcpy.cold memcpy.isra.0",
    );
    expect(second).toMatch(/,no symbols,f g 2 others,$/);
    expect(second).toContain('"odd ""name"", with\ttab"');
  });

  it("are valid JSON", () => {
    expect(JSON.parse(toJson(exportedRows(page)))).toEqual(exportedRows(page));
    expect(toTsv([])).toBe(`${toTsv(exportedRows(page)).split("\n")[0]}\n`);
  });
});

describe("columns for the page", () => {
  it("own their buffers, and hold no bigint and no Buffer", () => {
    const sent = pageFunctions(page);
    for (const column of [
      sent.id,
      sent.category,
      sent.line,
      sent.executions,
      sent.instructions,
      sent.time,
      sent.first,
    ]) {
      expect(column.byteLength).toBe(column.buffer.byteLength);
      expect(Buffer.isBuffer(column)).toBe(false);
    }
    expect(sent.address).toEqual(["ffffffff81000010", "000000000000007f"]);
    expect([...sent.executions]).toEqual([12_345_678_901_234, 2]);
    expect(() => JSON.stringify(sent)).not.toThrow();
  });
});
