/** The selected range in words, under the chart. Also what a screen reader hears of it. */
import type { VNode } from "preact";
import type { TraceSummary } from "../../../src/protocol/engine";
import { formatCount, formatExact, formatMoment, formatShare } from "../../../src/protocol/format";
import type { Model } from "../model";

export function RangeLine({ model, summary }: { model: Model; summary: TraceSummary }): VNode {
  const { range } = model.selection.value;
  const head = model.rows.head.value;
  if (range === null) {
    return (
      <p class="range-line quiet" aria-live="polite" data-testid="range">
        {model.overviewAsTable.value
          ? "Click a time to select the stretch that begins there."
          : "Drag to select a range, scroll to zoom."}
      </p>
    );
  }
  const step = Math.min(1e6, (range.end - range.start) / 100);
  const moments = `${formatMoment(range.start, summary.clock, step)} – ${formatMoment(range.end, summary.clock, step)}`;
  return (
    <p class="range-line" aria-live="polite" data-testid="range">
      <span>{moments}</span>
      {head !== null && (
        <span
          title={`${formatExact(head.rangeTotals.executions)} of ${formatExact(head.traceTotals.executions)} blocks`}
        >
          {` · ${formatCount(head.rangeTotals.executions)} blocks · ${formatShare(head.rangeTotals.executions, head.traceTotals.executions)}`}
        </span>
      )}{" "}
      <button type="button" class="link" onClick={() => model.select({ range: null })}>
        Esc clears
      </button>
    </p>
  );
}
