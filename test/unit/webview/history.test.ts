import { describe, expect, it } from "vitest";
import type { PageSelection } from "../../../src/protocol/page";
import { goBack, goForward, goTo, startHistory } from "../../../webview/traceEditor/history";
import { makeRange } from "../../../webview/traceEditor/overview/ranges";
import { defaultView } from "../../../webview/traceEditor/restoreView";

const start: PageSelection = defaultView.selection;

describe("selection history", () => {
  it("goes back and forward through what was selected", () => {
    const ranged = { ...start, range: makeRange(1, 5) };
    const phases: PageSelection = { ...ranged, tab: "phases" };
    const there = goTo(goTo(startHistory(start), ranged, 0), phases, 10);
    expect(goBack(there).present).toBe(ranged);
    expect(goBack(goBack(there)).present).toBe(start);
    expect(goForward(goBack(there)).present).toBe(phases);
  });

  it("takes typing a word as one step", () => {
    let history = startHistory(start);
    for (const [index, filter] of ["m", "me", "mem"].entries())
      history = goTo(history, { ...start, filter }, index * 200);
    expect(history.past).toEqual([start]);
    history = goTo(history, { ...start, filter: "memcpy" }, 60_000);
    expect(goBack(history).present.filter).toBe("mem");
  });

  it("ignores what changes nothing, and forgets the future on a new step", () => {
    const history = goTo(startHistory(start), { ...start, range: makeRange(1, 5) }, 0);
    expect(goTo(history, { ...start, range: makeRange(1, 5) }, 1)).toBe(history);
    const branched = goTo(goBack(history), { ...start, metric: "time" }, 5000);
    expect(goForward(branched)).toBe(branched);
  });

  it("stays where it is at either end, and keeps a bounded past", () => {
    let history = startHistory(start);
    expect(goBack(history)).toBe(history);
    for (let step = 0; step < 500; step++) {
      history = goTo(history, { ...start, range: makeRange(step, step + 1) }, step * 10_000);
    }
    expect(history.past.length).toBe(100);
  });
});
