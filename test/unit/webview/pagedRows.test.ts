import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import type { PageFunctions, PageFunctionsQuery } from "../../../src/protocol/page";
import { executions, instructions, nanoseconds } from "../../../src/protocol/units";
import { rowsPerPage } from "../../../webview/common/pagedRows";
import { FunctionRows, type RowsQuery } from "../../../webview/traceEditor/functions/functionRows";

const totals = { executions: executions(1), instructions: instructions(1), time: nanoseconds(1) };

/** An engine with `count` functions whose names begin with the filter; answers when told. */
function engine(count: number) {
  const asked: { query: PageFunctionsQuery; signal: AbortSignal; answer: () => void; fail: () => void }[] = [];
  let revision = 0;
  const rows = new FunctionRows(
    (query, signal) =>
      new Promise<PageFunctions>((resolve, reject) => {
        const indices = Array.from(
          { length: Math.max(0, Math.min(query.limit, count - query.offset)) },
          (_, index) => query.offset + index,
        );
        const page: PageFunctions = {
          revision: ++revision,
          complete: true,
          offset: query.offset,
          executed: count,
          matched: count,
          hits: new Uint32Array(0),
          rangeTotals: totals,
          matchedTotals: totals,
          traceTotals: totals,
          rangeLargest: totals,
          id: Uint32Array.from(indices),
          name: indices.map((index) => `${query.filter}${index}`),
          rawNames: indices.map(() => []),
          address: indices.map(() => "0"),
          category: new Uint8Array(indices.length),
          file: indices.map(() => null),
          sourceRoots: [],
          line: new Uint32Array(indices.length),
          executions: new Float64Array(indices.length),
          instructions: new Float64Array(indices.length),
          time: new Float64Array(indices.length),
          first: new Float64Array(indices.length),
          note: indices.map(() => ""),
          inlinedInto: indices.map(() => null),
        };
        asked.push({
          query,
          signal,
          answer: () => resolve(page),
          fail: () => reject(new BootscopeError("engine-died", "Gone.")),
        });
      }),
  );
  return { rows, asked };
}

const query = (filter: string): RowsQuery => ({
  range: null,
  sort: "instructions",
  descending: true,
  filter,
  metric: "instructions",
});
const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

describe("rows in pages", () => {
  it("fetches the pages that are looked at, once each", async () => {
    const { rows, asked } = engine(1000);
    rows.set(query("a"));
    asked[0].answer();
    await settle();
    expect(rows.row(0)?.name).toBe("a0");
    expect(rows.row(500)).toBeUndefined();
    rows.show(500, 540);
    rows.show(501, 541);
    expect(asked.map((ask) => ask.query.offset)).toEqual([0, 3 * rowsPerPage, 4 * rowsPerPage]);
    asked[1].answer();
    asked[2].answer();
    await settle();
    expect(rows.row(500)?.name).toBe("a500");
    expect(rows.row(520)?.name).toBe("a520");
  });

  it("keeps the rows on screen until a new question is answered, and drops the answer to an old one", async () => {
    const { rows, asked } = engine(10);
    rows.set(query("a"));
    asked[0].answer();
    await settle();
    rows.set(query("b"));
    rows.set(query("c"));
    expect(asked[1].signal.aborted).toBe(true);
    expect(rows.row(0)?.name).toBe("a0");
    asked[2].answer();
    asked[1].answer();
    await settle();
    expect(rows.row(0)?.name).toBe("c0");
  });

  it("makes many refreshes during one request a single next one", async () => {
    const { rows, asked } = engine(10);
    rows.set(query("a"));
    for (let time = 0; time < 5; time++) rows.refresh();
    expect(asked.length).toBe(1);
    asked[0].answer();
    await settle();
    expect(asked.length).toBe(2);
    asked[1].answer();
    await settle();
    expect(asked.length).toBe(2);
  });

  it("goes to the start when fewer rows are left than were scrolled past", async () => {
    const { rows, asked } = engine(10);
    rows.show(900, 940);
    rows.set(query("a"));
    for (let index = 0; index < asked.length; index++) asked[index].answer();
    await settle();
    asked.at(-1)?.answer();
    await settle();
    expect(rows.row(3)?.name).toBe("a3");
  });

  it("says why there is no answer, and recovers", async () => {
    const { rows, asked } = engine(10);
    rows.set(query("a"));
    asked[0].fail();
    await settle();
    expect(rows.failure.value).toMatchObject({ code: "engine-died" });
    rows.refresh();
    asked[1].answer();
    await settle();
    expect(rows.failure.value).toBeNull();
    expect(rows.row(9)?.name).toBe("a9");
  });
});
