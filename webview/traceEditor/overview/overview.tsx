/** The trace over time: categories, phases, and the range that everything below speaks of. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Phase, TimeRange, Timeline, TraceSummary } from "../../../src/protocol/engine";
import { formatDuration, formatExact, formatMoment, formatShare } from "../../../src/protocol/format";
import type { PageTimelineQuery } from "../../../src/protocol/page";
import { nanoseconds } from "../../../src/protocol/units";
import { Button } from "../../common/controls";
import { follow, Latest } from "../../common/latest";
import { useWidth } from "../../common/useWidth";
import type { Model } from "../model";
import { isEventsOnly } from "../tabs";
import { categoryStyles } from "./categories";
import { Legend } from "./legend";
import { PhaseTicks } from "./phaseTicks";
import { Plot } from "./plot";
import { span } from "./ranges";
import { RangeLine } from "./rangeLine";
import { plotInsets, TimelineChart } from "./timelineChart";
import { TimelineTable } from "./timelineTable";
import { bucketAt, timelineScale, type Measure, type TimelineScale } from "./timelineScale";
import "./overview.css";

/** Buckets asked for per pixel of the plot. */
const bucketsPerPixel = 0.5;
const mostBuckets = 1024;

/** What is under the cursor, in words. */
function cursorText(timeline: Timeline, moment: number, measure: Measure, clock: TraceSummary["clock"]): string {
  const bucket = bucketAt(timeline, moment);
  const step = (timeline.range.end - timeline.range.start) / 1000;
  const width = nanoseconds(span(timeline.range) / Math.max(1, timeline.values[0]?.length ?? 0));
  const parts = [formatMoment(nanoseconds(Math.round(moment)), clock, step)];
  if (measure === "events") parts.push(`${formatExact(bucket?.total ?? 0)} events in ${formatDuration(width)}`);
  else if (bucket !== null && bucket.total > 0) {
    for (const { category, label } of categoryStyles) {
      const value = bucket.values[category] ?? 0;
      if (value / bucket.total >= 0.005) parts.push(`${label} ${formatShare(value, bucket.total)}`);
    }
  }
  return parts.join(" · ");
}

const scaleOf = (timeline: Timeline, measure: Measure, clock: TraceSummary["clock"]): TimelineScale =>
  timelineScale(measure, clock, timeline.range, timeline.values[0]?.length ?? 0);

export function Overview({
  model,
  summary,
  phases,
  children,
}: {
  model: Model;
  summary: TraceSummary;
  phases: readonly Phase[];
  /** Beside the line under the chart. */
  children: ComponentChildren;
}): VNode {
  const [attach, width] = useWidth();
  const plotWidth = Math.max(0, width - plotInsets.left - plotInsets.right);
  const widthSignal = useSignal(0);
  useEffect(() => {
    widthSignal.value = plotWidth;
  }, [plotWidth]);
  const cursor = useSignal<number | null>(null);
  const timelines = useMemo(
    () => new Latest<PageTimelineQuery, Timeline>((query, abort) => model.host.request("timeline", query, abort)),
    [],
  );
  useEffect(
    () =>
      follow<PageTimelineQuery>(
        () =>
          widthSignal.value === 0
            ? null
            : {
                range: model.zoom.value,
                // Rounded, so that resizing by a few pixels asks nothing new.
                buckets: Math.min(
                  mostBuckets,
                  Math.max(64, Math.round((widthSignal.value * bucketsPerPixel) / 32) * 32),
                ),
                metric: model.metric.value,
              },
        () => model.revision.value,
        timelines,
      ),
    [],
  );

  const timeline = timelines.value.value;
  const failure = timelines.failure.value;
  const { clock } = summary;
  const measure: Measure = isEventsOnly(summary) ? "events" : model.metric.value;
  const whole: TimeRange = { start: nanoseconds(0), end: nanoseconds(Math.max(1, summary.duration)) };
  const view = model.zoom.value ?? timeline?.range ?? whole;
  const asTable = model.overviewAsTable.value;
  const length = clock === "host" ? formatDuration(summary.duration) : formatMoment(summary.duration, clock);
  const description = `${measure === "events" ? "Events" : "Cost"} over ${length}. Left and Right move, with Shift they select; Up and Down zoom; Enter selects a phase.`;
  return (
    <section class="overview" aria-label="Overview">
      <div class="overview-bar">
        {timeline === null || measure === "events" ? <span /> : <Legend timeline={timeline} />}
        <span class="cursor-text" aria-live="off" data-testid="timeline-cursor">
          {timeline !== null && cursor.value !== null ? cursorText(timeline, cursor.value, measure, clock) : ""}
        </span>
        {model.zoom.value !== null && (
          <Button
            kind="icon"
            icon="zoom-out"
            label="Show all (double click)"
            onClick={() => (model.zoom.value = null)}
          />
        )}
        <Button
          kind="icon"
          icon={asTable ? "graph" : "table"}
          label={asTable ? "Show as chart" : "Show as table"}
          data-testid="timeline-as-table"
          onClick={() => (model.overviewAsTable.value = !asTable)}
        />
      </div>
      <div class="overview-chart" ref={attach}>
        {asTable && timeline !== null ? (
          <TimelineTable model={model} timeline={timeline} measure={measure} clock={clock} />
        ) : (
          <>
            <PhaseTicks
              phases={phases}
              view={view}
              width={plotWidth}
              clock={clock}
              onSelect={({ start, end }) => model.select({ range: end > start ? { start, end } : null })}
            />
            {timeline !== null && <span class="overview-unit quiet">{scaleOf(timeline, measure, clock).unit}</span>}
            <div class="overview-canvas">
              {timeline !== null && <TimelineChart timeline={timeline} measure={measure} clock={clock} />}
              <Plot
                model={model}
                whole={whole}
                view={view}
                phases={phases}
                description={description}
                cursor={cursor.value}
                onCursor={(moment) => (cursor.value = moment)}
              />
            </div>
          </>
        )}
      </div>
      {failure !== null && <p class="failure">{`${failure.message} ${failure.advice}`}</p>}
      <div class="overview-foot">
        <RangeLine model={model} summary={summary} />
        {children}
      </div>
    </section>
  );
}
