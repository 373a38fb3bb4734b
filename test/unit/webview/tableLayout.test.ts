import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { availableMetrics, effectiveMetric, tableLayout } from "../../../webview/traceEditor/functions/tableLayout";

const recorded = { instructionsCounted: true, clock: "host" } as const;
const log = { instructionsCounted: false, clock: "events" } as const;

describe("the columns of the functions table", () => {
  it("are all there when there is room, but for the one that repeats the metric", () => {
    expect(tableLayout(1400, "instructions", recorded).columns).toEqual([
      "name",
      "self",
      "executions",
      "time",
      "first",
      "source",
    ]);
    expect(tableLayout(1400, "time", recorded).columns).toEqual([
      "name",
      "self",
      "executions",
      "instructions",
      "first",
      "source",
    ]);
  });

  it("are fewer where there is less room: time is missed least", () => {
    expect(tableLayout(850, "executions", recorded).columns).toEqual([
      "name",
      "self",
      "instructions",
      "first",
      "source",
    ]);
  });

  it("keep name and cost in the narrowest page, and never need more room than there is while others remain", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.constantFrom("instructions", "executions", "time"),
        (width, metric) => {
          const { columns, template } = tableLayout(width, metric, recorded);
          expect(columns.slice(0, 2)).toEqual(["name", "self"]);
          expect(template.split(/(?<=\)) /).length).toBe(columns.length);
        },
      ),
    );
    expect(tableLayout(100, "instructions", recorded).columns).toEqual(["name", "self"]);
  });

  it("show no number that the trace does not hold", () => {
    expect(tableLayout(1400, "executions", log).columns).toEqual(["name", "self", "first", "source"]);
    expect(availableMetrics(log)).toEqual(["executions"]);
    expect(effectiveMetric("instructions", log)).toBe("executions");
    expect(effectiveMetric("time", recorded)).toBe("time");
  });
});
