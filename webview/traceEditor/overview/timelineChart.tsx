/** The stacked areas of the overview, drawn by Chart.js. It only draws: selecting and zooming is `Plot`'s. */
import { Chart, Filler, LinearScale, LineController, LineElement, PointElement, type ChartDataset } from "chart.js";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Timeline } from "../../../src/protocol/engine";
import { formatMoment } from "../../../src/protocol/format";
import { nanoseconds } from "../../../src/protocol/units";
import { faint, themeColor, themeRevision } from "../../common/theme";
import { categoryColor, categoryFill, categoryStyles } from "./categories";
import { span } from "./ranges";
import { timelineScale, type Measure } from "./timelineScale";

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler);

/** Room for the axis at the left and right of the plot, in pixels; the parts laid over the chart rely on it. */
export const plotInsets = { left: 56, right: 10, top: 4, bottom: 20 } as const;

interface Point {
  x: number;
  y: number;
}
type AreaChart = Chart<"line", Point[]>;

/** One point in the middle of each bucket, and one at each end so that the areas fill the width. */
function points(timeline: Timeline, column: Float64Array, divisor: number): Point[] {
  const width = span(timeline.range) / Math.max(1, column.length);
  const inner = Array.from(column, (value, bucket) => ({
    x: timeline.range.start + (bucket + 0.5) * width,
    y: value / divisor,
  }));
  if (inner.length === 0) return [];
  return [
    { x: timeline.range.start, y: inner[0].y },
    ...inner,
    { x: timeline.range.end, y: inner[inner.length - 1].y },
  ];
}

function datasets(timeline: Timeline, divisor: number): ChartDataset<"line", Point[]>[] {
  return categoryStyles.map(({ category, label }, index) => ({
    label,
    data: points(timeline, timeline.values[category] ?? new Float64Array(), divisor),
    borderColor: categoryColor(category),
    backgroundColor: categoryFill(category),
    borderWidth: 1,
    pointRadius: 0,
    fill: index === 0 ? "origin" : "-1",
  }));
}

function createChart(canvas: HTMLCanvasElement): AreaChart {
  return new Chart<"line", Point[]>(canvas, {
    type: "line",
    data: { datasets: [] },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: { top: plotInsets.top, right: plotInsets.right } },
      scales: {
        x: {
          type: "linear",
          afterFit: (axis) => {
            axis.height = plotInsets.bottom;
            axis.paddingLeft = 0;
            axis.paddingRight = 0;
          },
          grid: { display: false, tickLength: 0 },
          ticks: { maxRotation: 0, autoSkipPadding: 24, align: "inner", padding: 5 },
        },
        y: {
          type: "linear",
          stacked: true,
          min: 0,
          afterFit: (axis) => {
            axis.width = plotInsets.left;
          },
          border: { display: false },
          ticks: { maxTicksLimit: 4 },
        },
      },
    },
  });
}

function update(chart: AreaChart, timeline: Timeline, measure: Measure, clock: "host" | "events"): void {
  const scale = timelineScale(measure, clock, timeline.range, timeline.values[0]?.length ?? 0);
  const text = themeColor(["--vscode-descriptionForeground", "--vscode-foreground"], "#888");
  const line = faint(text);
  chart.data.datasets = datasets(timeline, scale.divisor);
  const x = chart.options.scales?.x;
  const y = chart.options.scales?.y;
  if (x !== undefined && y !== undefined) {
    x.min = timeline.range.start;
    x.max = timeline.range.end;
    x.border = { color: line };
    x.ticks = {
      ...x.ticks,
      color: text,
      callback: (value, _index, ticks) => {
        const step = ticks.length > 1 ? ticks[1].value - ticks[0].value : span(timeline.range);
        return formatMoment(nanoseconds(Number(value)), clock, step);
      },
    };
    if (scale.unit.startsWith("of ")) y.max = 1;
    else delete y.max;
    y.grid = { color: line };
    y.ticks = { ...y.ticks, color: text, callback: (value) => scale.format(Number(value)) };
  }
  const font = themeColor(["--vscode-font-family"], "sans-serif");
  chart.options.font = { family: font, size: 11 };
  chart.update("none");
}

export function TimelineChart({
  timeline,
  measure,
  clock,
}: {
  timeline: Timeline;
  measure: Measure;
  clock: "host" | "events";
}): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<AreaChart | null>(null);
  const theme = themeRevision.value;
  useEffect(() => {
    if (canvas.current === null) return undefined;
    chart.current = createChart(canvas.current);
    return () => {
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    if (chart.current !== null) update(chart.current, timeline, measure, clock);
  }, [timeline, measure, clock, theme]);
  // The plot over the canvas carries the description and the keys; the table twin has the numbers.
  return <canvas ref={canvas} aria-hidden="true" />;
}
