/** Stretches of the trace's clock as the overview zooms, pans and selects them. Pure. */
import type { TimeRange } from "../../../src/protocol/engine";
import { nanoseconds } from "../../../src/protocol/units";

/** Nothing is zoomed in further: nanoseconds, or executions where the trace has no clock. */
export const shortestSpan = 100;

export const span = ({ start, end }: TimeRange): number => end - start;

export const makeRange = (a: number, b: number): TimeRange => ({
  start: nanoseconds(Math.min(a, b)),
  end: nanoseconds(Math.max(a, b)),
});

/** Moves a range inside another without changing its length, unless it is longer than the other. */
export function inside(range: TimeRange, whole: TimeRange): TimeRange {
  const length = Math.min(span(range), span(whole));
  const start = Math.min(Math.max(range.start, whole.start), whole.end - length);
  return makeRange(start, start + length);
}

/** Zooms by `factor` (below 1: closer) so that `center` stays where it is on screen. Null: all is shown. */
export function zoomAround(view: TimeRange, whole: TimeRange, center: number, factor: number): TimeRange | null {
  const length = Math.max(shortestSpan, span(view) * factor);
  if (length >= span(whole)) return null;
  const share = span(view) === 0 ? 0.5 : (center - view.start) / span(view);
  const start = center - share * length;
  return inside(makeRange(start, start + length), whole);
}

/** Moves the view by a share of its length. */
export function pan(view: TimeRange, whole: TimeRange, share: number): TimeRange {
  const by = span(view) * share;
  return inside(makeRange(view.start + by, view.end + by), whole);
}

/** The moment at a horizontal share (0 … 1) of the view. */
export const momentAt = (view: TimeRange, share: number): number =>
  view.start + Math.min(1, Math.max(0, share)) * span(view);

/** Where a moment is in the view, as a share; outside 0 … 1 when it is not in it. */
export const shareAt = (view: TimeRange, moment: number): number =>
  span(view) === 0 ? 0 : (moment - view.start) / span(view);

/** A range with some room around it, for zooming to it. */
export function withMargin(range: TimeRange, whole: TimeRange): TimeRange {
  const margin = Math.max(span(range) * 0.05, shortestSpan / 2);
  return makeRange(Math.max(whole.start, range.start - margin), Math.min(whole.end, range.end + margin));
}
