import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  costFormat,
  durationFormat,
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatExact,
  formatMoment,
  formatPercent,
  formatShare,
  formatTime,
} from "../../../src/protocol/format";
import { nanoseconds } from "../../../src/protocol/units";

describe("formatCount", () => {
  it.each([
    [0, "0"],
    [7, "7"],
    [999, "999"],
    [1000, "1.00 k"],
    [9_994, "9.99 k"],
    [9_996, "10.0 k"],
    [18_234, "18.2 k"],
    [99_960, "100 k"],
    [999_499, "999 k"],
    [999_500, "1.00 M"],
    [12_345_678, "12.3 M"],
    [1_320_000_000, "1.32 G"],
    [-18_234, "-18.2 k"],
  ])("writes %d as %s", (value, text) => {
    expect(formatCount(value)).toBe(text);
  });

  it("stays within half a unit of the third digit", () => {
    const factor: Record<string, number> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const [digits, prefix = ""] = formatCount(value).split(" ");
        const read = Number(digits) * factor[prefix];
        expect(Math.abs(read - value) / value).toBeLessThanOrEqual(0.00501);
        expect(digits.replace(".", "").length).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe("the other formats", () => {
  it("writes exact numbers with separators", () => {
    expect(formatExact(12_345_678)).toBe("12,345,678");
    expect(formatExact(0xffff_ffff_ffff_ffffn)).toBe("18,446,744,073,709,551,615");
  });

  it("writes shares with one decimal and never hides that there is something", () => {
    expect(formatPercent(0.0412)).toBe("4.1 %");
    expect(formatPercent(0)).toBe("0.0 %");
    expect(formatPercent(0.0004)).toBe("<0.1 %");
    expect(formatPercent(0.0005)).toBe("0.1 %");
    expect(formatPercent(1)).toBe("100.0 %");
    expect(formatShare(1, 8)).toBe("12.5 %");
    expect(formatShare(1, 0)).toBe("–");
  });

  it("writes moments with the precision that the step asks for", () => {
    expect(formatTime(nanoseconds(1_243_512_987))).toBe("1.244 s");
    expect(formatTime(nanoseconds(1_243_512_987), 5_000)).toBe("1.243513 s");
    expect(formatTime(nanoseconds(1_243_512_987), 10)).toBe("1.243512987 s");
    expect(formatMoment(nanoseconds(1_243_512_987), "events")).toBe("execution 1,243,512,987");
    expect(formatCost(nanoseconds(18_234), "events")).toBe("18.2 k");
  });

  it.each([
    [640, "640 ns"],
    [999.7, "1.00 µs"],
    [12_345, "12.3 µs"],
    [999_700, "1.00 ms"],
    [12_345_678, "12.3 ms"],
    [4_560_000_000, "4.56 s"],
    [3_600_000_000_000, "3,600 s"],
  ])("writes a duration of %d ns as %s", (time, text) => {
    expect(formatDuration(nanoseconds(time))).toBe(text);
  });

  it.each([
    [2_340_000_000, ["2.34 s", "0.345 s", "0.001 s", "<0.001 s", "0 s"]],
    [345_000_000, ["2,340 ms", "345 ms", "0.640 ms", "<0.001 ms", "0 ms"]],
    [999_400, ["2,340,000 µs", "345,000 µs", "640 µs", "0.064 µs", "0 µs"]],
    [640, ["2,340,000,000 ns", "345,000,000 ns", "640,000 ns", "64 ns", "0 ns"]],
  ])("writes a column whose largest is %d ns in one unit", (largest, texts) => {
    const format = durationFormat(nanoseconds(largest));
    expect([2_340_000_000, 345_000_000, 640_000, 64, 0].map((time) => format(nanoseconds(time)))).toEqual(texts);
  });

  it("writes the largest of a column as it would be written alone, and one unit throughout", () => {
    const time = fc.integer({ min: 1, max: 900_000_000_000 });
    fc.assert(
      fc.property(time, time, (first, second) => {
        const [small, large] = first < second ? [first, second] : [second, first];
        const format = durationFormat(nanoseconds(large));
        expect(format(nanoseconds(large))).toBe(formatDuration(nanoseconds(large)));
        const [digits, unit] = format(nanoseconds(small)).split(" ");
        const size = { s: 1e9, ms: 1e6, µs: 1e3, ns: 1 }[unit] ?? Number.NaN;
        const shown = digits.startsWith("<") ? 0 : Number(digits) * size;
        expect(Math.abs(shown - small)).toBeLessThanOrEqual(Math.max(small * 0.00501, size * 0.000501));
        expect(format(nanoseconds(large)).split(" ")[1]).toBe(unit);
      }),
    );
  });

  it("counts a column of costs in executions where the trace has no clock", () => {
    expect(costFormat(nanoseconds(18_234), "events")(nanoseconds(640))).toBe("640");
    expect(costFormat(nanoseconds(18_234), "host")(nanoseconds(640))).toBe("0.640 µs");
  });

  it("writes bytes with decimal prefixes", () => {
    expect(formatBytes(512)).toBe("512 B");
    expect(formatBytes(76_312_345)).toBe("76.3 MB");
    expect(formatBytes(13_800_000_000)).toBe("13.8 GB");
  });

  it("never shows a number that is none", () => {
    const formats = [
      formatCount,
      formatExact,
      formatPercent,
      formatBytes,
      formatTime,
      formatDuration,
      durationFormat(nanoseconds(1e9)),
    ];
    for (const format of formats) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(format(value as never)).toBe("–");
    }
  });
});
