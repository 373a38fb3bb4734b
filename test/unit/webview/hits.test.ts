import { describe, expect, it } from "vitest";
import { hitsText, nextHit } from "../../../webview/traceEditor/functions/hits";

const hits = Uint32Array.of(2, 5, 9);

describe("going through hits", () => {
  it("goes on from any row, and around the ends", () => {
    expect(nextHit(hits, 0, 1)).toBe(2);
    expect(nextHit(hits, 2, 1)).toBe(5);
    expect(nextHit(hits, 9, 1)).toBe(2);
    expect(nextHit(hits, 9, -1)).toBe(5);
    expect(nextHit(hits, 4, -1)).toBe(2);
    expect(nextHit(hits, 1, -1)).toBe(9);
    expect(nextHit(Uint32Array.of(0), 0, 1)).toBe(0);
    expect(nextHit(new Uint32Array(0), 3, 1)).toBeNull();
  });

  it("says which of them one is at, or how many there are", () => {
    expect(hitsText(hits, 5, String)).toBe("2 of 3");
    expect(hitsText(hits, 6, String)).toBe("3 found");
    expect(hitsText(new Uint32Array(0), 6, String)).toBe("No results");
  });
});
