import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentHeight,
  highestContent,
  rowWindow,
  scrollTopOf,
  scrollTopToShow,
  topRowAt,
  visibleRows,
  type RowGeometry,
} from "../../../webview/common/virtualRows";

const geometry = (rows: number, viewport = 220): RowGeometry => ({ rowHeight: 22, rows, viewport });
const anyGeometry = fc
  .tuple(fc.integer({ min: 1, max: 5_000_000 }), fc.integer({ min: 22, max: 1500 }))
  .map(([rows, viewport]) => geometry(rows, viewport));

describe("virtual rows", () => {
  it("renders only what is near the visible part", () => {
    expect(rowWindow(geometry(100_000), 0)).toEqual({ first: 0, end: 19, top: 0 });
    expect(rowWindow(geometry(100_000), 22 * 1000)).toEqual({ first: 992, end: 1019, top: 992 * 22 });
    expect(rowWindow(geometry(5), 0)).toEqual({ first: 0, end: 5, top: 0 });
    expect(rowWindow(geometry(0), 0)).toEqual({ first: 0, end: 0, top: 0 });
  });

  it("never makes the content higher than browsers allow", () => {
    expect(contentHeight(geometry(10_000_000))).toBe(highestContent);
    const whole = geometry(10_000_000);
    expect(rowWindow(whole, highestContent).end).toBe(10_000_000);
  });

  it("covers the visible part at any position", () => {
    fc.assert(
      fc.property(anyGeometry, fc.double({ min: 0, max: 1, noNaN: true }), (shape, share) => {
        const scrollTop = share * Math.max(0, contentHeight(shape) - shape.viewport);
        const { first, end, top } = rowWindow(shape, scrollTop);
        expect(end - first).toBeLessThan(shape.viewport / 22 + 20);
        expect(top).toBeLessThanOrEqual(scrollTop + 1e-3);
        const bottom = top + (end - first) * 22;
        expect(bottom).toBeGreaterThanOrEqual(Math.min(scrollTop + shape.viewport, shape.rows * 22) - 1e-3);
      }),
    );
  });

  it("brings any row into the visible part, moving as little as needed", () => {
    fc.assert(
      fc.property(anyGeometry, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (shape, pick, share) => {
        const row = pick % shape.rows;
        const before = share * Math.max(0, contentHeight(shape) - shape.viewport);
        const after = scrollTopToShow(shape, before, row);
        const top = topRowAt(shape, after);
        expect(row).toBeGreaterThanOrEqual(top - 1);
        expect(row).toBeLessThanOrEqual(top + visibleRows(shape));
        expect(scrollTopToShow(shape, after, row)).toBeCloseTo(after, 3);
      }),
    );
  });

  it("finds the position that was left", () => {
    for (const row of [0, 1, 17, 90_000])
      expect(topRowAt(geometry(100_000), scrollTopOf(geometry(100_000), row))).toBe(row);
    expect(scrollTopOf(geometry(3), 2)).toBe(0);
  });
});
