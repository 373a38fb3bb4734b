import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../../src/protocol/engine";
import { placeLabels } from "../../../webview/traceEditor/overview/labelLanes";
import {
  inside,
  makeRange,
  momentAt,
  pan,
  shareAt,
  shortestSpan,
  span,
  withMargin,
  zoomAround,
} from "../../../webview/traceEditor/overview/ranges";
import { bucketAt, coarser, timelineScale, timelineTotals } from "../../../webview/traceEditor/overview/timelineScale";

const whole = makeRange(0, 1_000_000);

describe("zooming and panning", () => {
  it("keeps the moment under the pointer in its place", () => {
    const view = makeRange(200_000, 600_000);
    const zoomed = zoomAround(view, whole, 300_000, 0.5);
    expect(zoomed).toEqual(makeRange(250_000, 450_000));
    expect(shareAt(zoomed!, 300_000)).toBe(shareAt(view, 300_000));
  });

  it("shows all again when zoomed out far enough, and stops zooming in at some point", () => {
    expect(zoomAround(makeRange(200_000, 900_000), whole, 300_000, 2)).toBeNull();
    expect(span(zoomAround(makeRange(500, 600), whole, 550, 0.001)!)).toBe(shortestSpan);
  });

  it("never leaves the trace", () => {
    const ranges = fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 1_000_000 }));
    fc.assert(
      fc.property(
        ranges,
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        ([a, b], factor, share) => {
          const view = makeRange(a, b + 1);
          for (const range of [
            zoomAround(view, whole, momentAt(view, share), factor) ?? whole,
            pan(view, whole, share),
            withMargin(inside(view, whole), whole),
          ]) {
            expect(range.start).toBeGreaterThanOrEqual(0);
            expect(range.end).toBeLessThanOrEqual(1_000_001);
            expect(range.start).toBeLessThanOrEqual(range.end);
          }
        },
      ),
    );
  });

  it("turns a drag to the left into the same range", () => {
    expect(makeRange(7, 3)).toEqual(makeRange(3, 7));
  });
});

describe("labels", () => {
  it("never overlap in a lane", () => {
    const labels = fc.array(
      fc.record({ x: fc.double({ min: 0, max: 700, noNaN: true }), width: fc.integer({ min: 10, max: 120 }) }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(labels, (all) => {
        const boxes = placeLabels(all, 2, 700).map(({ left, lane }, index) => ({
          left,
          lane,
          right: left + all[index].width,
        }));
        const shown = boxes.filter(({ lane }) => lane >= 0);
        for (const a of shown) {
          expect(a.left).toBeGreaterThanOrEqual(0);
          expect(a.right).toBeLessThanOrEqual(700);
          for (const b of shown) {
            if (a !== b && a.lane === b.lane) expect(a.right <= b.left || b.right <= a.left).toBe(true);
          }
        }
      }),
    );
  });

  it("takes further lanes for close neighbours, then leaves the label out", () => {
    const placed = placeLabels(
      [10, 12, 14].map((x) => ({ x, width: 50 })),
      2,
      700,
    );
    expect(placed.map(({ lane }) => lane)).toEqual([0, 1, -1]);
  });
});

describe("the scale of the overview", () => {
  const timeline: Timeline = {
    revision: 1,
    complete: true,
    range: makeRange(0, 1000),
    values: [Float64Array.of(0, 0, 0, 0), Float64Array.of(10, 20, 30, 40), Float64Array.of(1, 2, 3, 4)],
  };

  it("is a rate, or a share where cost and axis are the same", () => {
    const second = makeRange(0, 1e9);
    expect(timelineScale("instructions", "host", second, 10)).toMatchObject({ divisor: 0.1, unit: "instr/s" });
    expect(timelineScale("time", "host", second, 10)).toMatchObject({ divisor: 1e8, unit: "of time" });
    expect(timelineScale("executions", "events", second, 10).unit).toBe("of all");
    expect(timelineScale("instructions", "events", makeRange(0, 0), 0).divisor).toBe(1);
  });

  it("adds up to the same, however coarse", () => {
    expect(timelineTotals(timeline)).toEqual({ values: [0, 100, 10], total: 110 });
    expect(timelineTotals(coarser(timeline, 3))).toEqual({ values: [0, 100, 10], total: 110 });
    expect(coarser(timeline, 2).values[1]).toEqual(Float64Array.of(30, 70));
  });

  it("finds the bucket of a moment", () => {
    expect(bucketAt(timeline, 0)).toEqual({ values: [0, 10, 1], total: 11 });
    expect(bucketAt(timeline, 1000)).toEqual({ values: [0, 40, 4], total: 44 });
    expect(bucketAt(timeline, 1001)).toBeNull();
    expect(bucketAt({ ...timeline, values: [] }, 5)).toBeNull();
  });
});
