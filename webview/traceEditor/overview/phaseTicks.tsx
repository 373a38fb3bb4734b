/** The boot's phases above the chart: a tick where each starts, labelled where there is room. */
import type { VNode } from "preact";
import type { Phase, TimeRange } from "../../../src/protocol/engine";
import { formatDuration, formatMoment } from "../../../src/protocol/format";
import { nanoseconds } from "../../../src/protocol/units";
import { placeLabels } from "./labelLanes";
import { shareAt } from "./ranges";

const lanes = 2;
export const laneHeight = 16;

let measuring: CanvasRenderingContext2D | null | undefined;

/** Width of a label's text in the page's font. */
function textWidth(text: string): number {
  measuring ??= document.createElement("canvas").getContext("2d");
  if (measuring === null) return text.length * 7;
  measuring.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(measuring.measureText(text).width) + 6;
}

export function PhaseTicks({
  phases,
  view,
  width,
  clock,
  onSelect,
}: {
  phases: readonly Phase[];
  view: TimeRange;
  /** Of the plot, in pixels. */
  width: number;
  clock: "host" | "events";
  onSelect: (phase: Phase) => void;
}): VNode {
  // The longest phases get their labels first.
  const visible = phases
    .filter(({ start }) => start >= view.start && start <= view.end)
    .sort((a, b) => b.end - b.start - (a.end - a.start));
  const placed = placeLabels(
    visible.map((phase) => ({ x: shareAt(view, phase.start) * width, width: textWidth(phase.name) })),
    lanes,
    width,
  );
  return (
    <div class="phases" style={{ height: `${lanes * laneHeight}px` }}>
      {visible.map((phase, index) => {
        const { left, lane } = placed[index];
        const length = formatDuration(nanoseconds(phase.end - phase.start));
        const hint = `${phase.name}: ${formatMoment(phase.start, clock)}${clock === "host" ? `, ${length}` : ""} (${phase.evidence})`;
        return (
          <div key={phase.name}>
            <div
              class="phase-tick"
              title={hint}
              style={{
                left: `${shareAt(view, phase.start) * width}px`,
                top: `${(lanes - 1 - Math.max(0, lane)) * laneHeight}px`,
              }}
            />
            {lane >= 0 && (
              <button
                type="button"
                class="phase-label"
                title={hint}
                style={{ left: `${left}px`, top: `${(lanes - 1 - lane) * laneHeight}px` }}
                onClick={() => onSelect(phase)}
              >
                {phase.name}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}
