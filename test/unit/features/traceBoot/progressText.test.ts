import { describe, expect, it } from "vitest";
import { progressText } from "../../../../src/features/traceBoot/progressText";

describe("progressText", () => {
  it("tells speed since the last look, elapsed time and size", () => {
    const previous = { at: 4000, executions: 100e6, fileBytes: 30e6 };
    const current = { at: 4500, executions: 131e6, fileBytes: 31e6 };
    expect(progressText(1000, previous, current)).toBe("62.0 M blocks/s · 3.5 s · 31.0 MB");
  });

  it("takes the speed since the start at the first look", () => {
    expect(progressText(1000, undefined, { at: 2000, executions: 5e6, fileBytes: 2e6 })).toBe(
      "5.00 M blocks/s · 1.0 s · 2.00 MB",
    );
  });

  it("tells no speed before the guest's first block, nor from two looks at one moment", () => {
    expect(progressText(0, undefined, { at: 1000, executions: 0, fileBytes: 4096 })).toBe(
      "waiting for the guest · 1.0 s",
    );
    const sample = { at: 1000, executions: 5, fileBytes: 10 };
    expect(progressText(0, sample, sample)).toBe("0 blocks/s · 1.0 s · 10 B");
  });
});
