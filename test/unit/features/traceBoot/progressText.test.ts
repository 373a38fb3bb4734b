import { describe, expect, it } from "vitest";
import { progressText, recentSamples, type Sample } from "../../../../src/features/traceBoot/progressText";

const sample = (at: number, executions: number, fileBytes = 0): Sample => ({ at, executions, fileBytes });

describe("progressText", () => {
  it("tells speed over the samples, elapsed time and size", () => {
    const samples = [sample(4000, 100e6), sample(4500, 100e6), sample(6000, 224e6, 31e6)];
    expect(progressText(1000, samples)).toBe("62.0 M blocks/s · 5.0 s · 31.0 MB");
  });

  it("takes the speed since the start at the first look", () => {
    expect(progressText(1000, [sample(2000, 5e6, 2e6)])).toBe("5.00 M blocks/s · 1.0 s · 2.00 MB");
  });

  it("tells no speed before the guest's first block, nor from two looks at one moment", () => {
    expect(progressText(0, [sample(1000, 0, 4096)])).toBe("waiting for the guest · 1.0 s");
    expect(progressText(0, [sample(1000, 5, 10), sample(1000, 5, 10)])).toBe("0 blocks/s · 1.0 s · 10 B");
  });
});

describe("recentSamples", () => {
  it("keeps three seconds and the sample before them", () => {
    let samples: Sample[] = [];
    for (let at = 0; at <= 10_000; at += 1000) samples = recentSamples(samples, sample(at, at));
    expect(samples.map(({ at }) => at)).toEqual([7000, 8000, 9000, 10_000]);
    expect(recentSamples(samples, sample(60_000, 1)).map(({ at }) => at)).toEqual([10_000, 60_000]);
  });
});
