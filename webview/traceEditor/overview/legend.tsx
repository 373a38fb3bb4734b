/** What the overview's areas stand for, with their share of what is shown. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Category, Timeline } from "../../../src/protocol/engine";
import { formatShare } from "../../../src/protocol/format";
import { themeRevision } from "../../common/theme";
import { categoryColor, categoryFill, categoryStyles } from "./categories";
import { timelineTotals } from "./timelineScale";

/** The same fill as the area's. */
function Swatch({ category }: { category: Category }): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = themeRevision.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    context.clearRect(0, 0, 12, 12);
    context.fillStyle = categoryFill(category);
    context.fillRect(0, 0, 12, 12);
    context.strokeStyle = categoryColor(category);
    context.strokeRect(0.5, 0.5, 11, 11);
  }, [category, theme]);
  return <canvas class="swatch" width={12} height={12} ref={canvas} aria-hidden="true" />;
}

export function Legend({ timeline }: { timeline: Timeline }): VNode {
  const { values, total } = timelineTotals(timeline);
  const present = categoryStyles.filter(({ category }) => (values[category] ?? 0) > 0);
  return (
    <ul class="legend" aria-label="Categories">
      {present.map(({ category, label, hint }) => (
        <li key={category} title={hint}>
          <Swatch category={category} />
          {label} <span class="quiet">{formatShare(values[category], total)}</span>
        </li>
      ))}
    </ul>
  );
}
