import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFilter } from "../../../src/analysis/filter";
import { functionsPage, type FunctionsInput, type FunctionsView } from "../../../src/analysis/functionRows";
import { roundedToSum, sumOf } from "../../../src/analysis/rounding";
import { totalsOf } from "../../../src/analysis/rowCosts";
import { Category } from "../../../src/protocol/engine";

const names = ["mpi_powm", "clear_page", "idle", "never", "[firmware]"];
const costs = {
  executions: Float64Array.of(10, 30, 10, 0, 50),
  instructions: Float64Array.of(400, 300, 200, 0, 100),
  time: Float64Array.of(1, 2, 3, 0, 4),
};
const input: FunctionsInput = {
  rows: names.map((name, row) => ({
    name,
    rawNames: name === "mpi_powm" ? ["mpi_powm.cold", "mpi_powm.Isra.0"] : [],
    address: BigInt(0x1000 - row),
    category: name.startsWith("[") ? Category.Firmware : Category.Kernel,
    note: name.startsWith("[") ? "firmware: no symbols" : "",
    functionIndex: row,
    module: name === "idle" ? "xt_conn-track" : null,
  })),
  inlinedInto: () => null,
  sources: {
    file: ["debian/build/lib/mpi/mpi-pow.c", "arch/x86/lib/clear_page_64.S", "kernel/sched/idle.c", "kernel/x.c", null],
    line: Uint32Array.of(25, 1, 300, 1, 0),
    roots: [],
  },
  costs,
  first: Float64Array.of(5, 4, 3, Infinity, 0),
  traceTotals: totalsOf(costs),
  revision: 7,
  complete: true,
};
const view: FunctionsView = {
  sort: "instructions",
  descending: true,
  filter: "",
  metric: "instructions",
  offset: 0,
  limit: 100,
};
const shown = (changes: Partial<FunctionsView>): readonly string[] =>
  functionsPage(input, { ...view, ...changes }).name;

describe("the table of functions", () => {
  it("lists what was executed, most expensive first", () => {
    expect(shown({})).toEqual(["mpi_powm", "clear_page", "idle", "[firmware]"]);
  });

  it("tells where words are found, in the order that is shown and among what the filter leaves", () => {
    const hits = (changes: Partial<FunctionsView>) => [...functionsPage(input, { ...view, limit: 0, ...changes }).hits];
    expect(hits({ find: "E" })).toEqual([1, 2, 3]);
    expect(hits({ find: "ISRA" })).toEqual([0]);
    expect(hits({ find: "e", sort: "executions" })).toEqual([0, 1, 2]);
    expect(hits({ find: "e", filter: "-clear" })).toEqual([1, 2]);
    expect(hits({ find: "file:sched" })).toEqual([2]);
    expect(hits({ find: "nothing" })).toEqual([]);
    expect(hits({ find: " " })).toEqual([]);
    expect(hits({})).toEqual([]);
  });

  it("sorts by every column, ties by address in both directions", () => {
    expect(shown({ sort: "executions" })).toEqual(["[firmware]", "clear_page", "idle", "mpi_powm"]);
    expect(shown({ sort: "executions", descending: false })).toEqual(["idle", "mpi_powm", "clear_page", "[firmware]"]);
    expect(shown({ sort: "first", descending: false })).toEqual(["[firmware]", "idle", "clear_page", "mpi_powm"]);
    expect(shown({ sort: "name", descending: false })).toEqual(["[firmware]", "clear_page", "idle", "mpi_powm"]);
    expect(shown({ sort: "source", descending: false })).toEqual(["clear_page", "mpi_powm", "idle", "[firmware]"]);
    expect(shown({ sort: "time" })).toEqual(["[firmware]", "idle", "clear_page", "mpi_powm"]);
  });

  it("cuts out a page, and never one that is not there", () => {
    const page = functionsPage(input, { ...view, offset: 1, limit: 2 });
    expect(page.name).toEqual(["clear_page", "idle"]);
    expect([...page.instructions]).toEqual([300, 200]);
    expect([...page.id]).toEqual([1, 2]);
    expect(functionsPage(input, { ...view, offset: 99 })).toMatchObject({
      offset: 4,
      name: [],
      executed: 4,
      matched: 4,
    });
  });

  it("says what the matching rows add up to", () => {
    const page = functionsPage(input, { ...view, filter: "clear" });
    expect(page).toMatchObject({ executed: 4, matched: 1 });
    expect(page.matchedTotals).toEqual({ executions: 30, instructions: 300, time: 2 });
    expect(page.rangeTotals).toEqual({ executions: 100, instructions: 1000, time: 10 });
  });

  it("says what the costliest rows of the range cost, whatever matches", () => {
    const { executions, instructions, time } = input.costs;
    const largest = {
      executions: Math.max(...executions),
      instructions: Math.max(...instructions),
      time: Math.max(...time),
    };
    expect(functionsPage(input, { ...view, filter: "clear" }).rangeLargest).toEqual(largest);
    expect(functionsPage(input, { ...view, filter: "nothing" }).rangeLargest).toEqual(largest);
  });

  it("filters by name, path, folder and share", () => {
    expect(shown({ filter: "PAGE" })).toEqual(["clear_page"]);
    expect(shown({ filter: "file:mpi" })).toEqual(["mpi_powm"]);
    expect(shown({ filter: "dir:lib/mpi" })).toEqual(["mpi_powm"]);
    expect(shown({ filter: "dir:kernel/" })).toEqual(["idle"]);
    expect(shown({ filter: "dir:mpi/mpi-pow" })).toEqual([]);
    expect(shown({ filter: ">15%" })).toEqual(["mpi_powm", "clear_page", "idle"]);
    expect(shown({ filter: ">15% <40" })).toEqual(["clear_page", "idle"]);
    expect(shown({ filter: "-mpi -idle" })).toEqual(["clear_page", "[firmware]"]);
    expect(shown({ filter: ">25% page" })).toEqual(["clear_page"]);
    expect(shown({ filter: "isra" })).toEqual(["mpi_powm"]);
    expect(shown({ filter: "-isra" })).toHaveLength(4);
    expect(shown({ filter: "module:conn_tr" })).toEqual(["idle"]);
    expect(shown({ filter: "file: dir: module: -" })).toHaveLength(4);
  });
});

describe("a filter", () => {
  it("takes any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseFilter(text)({ name: "x", rawNames: [], file: null, module: null, share: 0.5 })).toBe(
          "boolean",
        );
      }),
    );
  });

  it("finds a name by any part of it", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z_]{1,20}$/), fc.nat(), fc.nat(), (name, a, b) => {
        const [from, to] = [a % name.length, b % name.length].sort((x, y) => x - y);
        const part = name.slice(from, to + 1);
        expect(parseFilter(part)({ name, rawNames: [], file: null, module: null, share: 0 })).toBe(true);
      }),
    );
  });
});

describe("rounding", () => {
  it("keeps the sum and moves no value by one or more", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true })), (list) => {
        const values = Float64Array.from(list);
        const rounded = roundedToSum(values);
        expect(sumOf(rounded)).toBe(Math.round(sumOf(values)));
        rounded.forEach((value, i) => expect(Math.abs(value - values[i])).toBeLessThan(1 + 1e-6));
        expect(rounded.every((value) => value >= 0)).toBe(true);
      }),
    );
  });
});
