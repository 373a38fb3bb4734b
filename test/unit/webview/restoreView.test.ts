import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PageView } from "../../../src/protocol/page";
import { makeRange } from "../../../webview/traceEditor/overview/ranges";
import { defaultView, restoreView } from "../../../webview/traceEditor/restoreView";

describe("a stored view", () => {
  it("comes back as it was", () => {
    const view: PageView = {
      selection: { range: makeRange(10, 20), metric: "time", filter: "mem", eventFilter: "name:blk*", tab: "phases" },
      sort: "first",
      descending: false,
      zoom: makeRange(5, 50),
      topRow: 120,
      focusedRow: 130,
      topEvent: 7,
      focusedEvent: 9,
      overviewAsTable: true,
      unnamedShown: true,
      inlined: true,
    };
    expect(restoreView(JSON.parse(JSON.stringify(view)))).toEqual(view);
  });

  it("becomes the default where it is not understood", () => {
    for (const stored of [undefined, null, 7, "x", [], {}, { selection: null, sort: 3 }]) {
      expect(restoreView(stored)).toEqual(defaultView);
    }
    expect(
      restoreView({ zoom: { start: 5, end: 5 }, topRow: -1, selection: { metric: "joules", range: { start: null } } }),
    ).toEqual(defaultView);
  });

  it("is a valid view for any stored value", () => {
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        const view = restoreView(stored);
        expect(restoreView(view)).toEqual(view);
      }),
    );
  });
});
