/** The overview's numbers as a table: the chart's twin. */
import type { VNode } from "preact";
import type { Timeline } from "../../../src/protocol/engine";
import { costFormat, formatCount, formatExact, formatMoment, formatShare } from "../../../src/protocol/format";
import { nanoseconds } from "../../../src/protocol/units";
import type { Model } from "../model";
import { categoryStyles } from "./categories";
import { makeRange, span } from "./ranges";
import { coarser, type Measure } from "./timelineScale";

const rows = 24;

export function TimelineTable({
  model,
  timeline,
  measure,
  clock,
}: {
  model: Model;
  timeline: Timeline;
  measure: Measure;
  clock: "host" | "events";
}): VNode {
  const coarse = coarser(timeline, rows);
  const buckets = coarse.values[0]?.length ?? 0;
  const width = span(coarse.range) / Math.max(1, buckets);
  const shown = categoryStyles.filter(({ category }) => coarse.values[category]?.some((value) => value > 0));
  const largest = nanoseconds(coarse.values.reduce((most, column) => Math.max(most, ...column), 0));
  const time = costFormat(largest, clock);
  const format = (value: number): string => (measure === "time" ? time(nanoseconds(value)) : formatCount(value));
  return (
    <div class="timeline-table" tabIndex={0} data-testid="timeline-table">
      <table>
        <caption class="unseen">{measure === "events" ? "Events over time" : "Cost over time by category"}</caption>
        <thead>
          <tr>
            <th scope="col">from</th>
            {shown.map(({ category, label }) => (
              <th scope="col" key={category}>
                {measure === "events" ? "events" : label}
              </th>
            ))}
            <th scope="col">share</th>
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: buckets }, (_, bucket) => {
            const start = coarse.range.start + bucket * width;
            const total = coarse.values.reduce((sum, column) => sum + column[bucket], 0);
            const whole = coarse.values.reduce((sum, column) => sum + column.reduce((a, b) => a + b, 0), 0);
            return (
              <tr key={bucket}>
                <th scope="row">
                  <button
                    type="button"
                    class="link"
                    title="Select this stretch"
                    onClick={() => model.select({ range: makeRange(start, start + width) })}
                  >
                    {formatMoment(nanoseconds(Math.round(start)), clock, width)}
                  </button>
                </th>
                {shown.map(({ category }) => (
                  <td key={category} title={formatExact(coarse.values[category][bucket])}>
                    {format(coarse.values[category][bucket])}
                  </td>
                ))}
                <td>{formatShare(total, whole)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
