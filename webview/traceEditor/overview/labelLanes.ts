/** Places labels at points of a line so that none overlaps another. Pure. */
export interface Label {
  /** Where its tick is, in pixels from the left. */
  readonly x: number;
  /** Width of the text in pixels. */
  readonly width: number;
}

export interface Placement {
  /** Left edge of the text. */
  readonly left: number;
  /** Row of labels, 0 next to the chart; -1: no room, only the tick is shown. */
  readonly lane: number;
}

const gap = 6;

/**
 * Each label goes into the first lane where it fits beside those already placed. Labels that would leave the right edge
 * move left. `labels` must be in order of importance: later ones give way.
 */
export function placeLabels(labels: readonly Label[], lanes: number, width: number): Placement[] {
  const taken: { left: number; right: number }[][] = Array.from({ length: lanes }, () => []);
  return labels.map((label) => {
    const left = Math.max(0, Math.min(label.x, width - label.width));
    const right = left + label.width + gap;
    const lane = taken.findIndex((others) => others.every((other) => right <= other.left || left >= other.right));
    if (lane >= 0) taken[lane].push({ left, right });
    return { left, lane };
  });
}
