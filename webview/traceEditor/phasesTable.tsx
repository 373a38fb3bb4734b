/** The phases of the boot, with what each cost. */
import type { VNode } from "preact";
import type { Phase, TraceSummary } from "../../src/protocol/engine";
import { durationFormat, formatCount, formatExact, formatMoment, formatShare } from "../../src/protocol/format";
import { nanoseconds } from "../../src/protocol/units";
import type { Model } from "./model";

export function PhasesTable({ model, summary }: { model: Model; summary: TraceSummary }): VNode {
  const phases = model.phases.value.value;
  const failure = model.phases.failure.value;
  if (failure !== null) return <p class="failure">{`${failure.message} ${failure.advice}`}</p>;
  if (phases === null || phases.length === 0) {
    return (
      <div class="empty" data-testid="empty">
        <p>
          {phases === null
            ? "The phases are being looked for…"
            : "No phase of a boot was recognised. Phases are found by the functions that start them, so they need a vmlinux."}
        </p>
      </div>
    );
  }
  const isHost = summary.clock === "host";
  const duration = durationFormat(nanoseconds(Math.max(...phases.map(({ start, end }) => end - start))));
  const { range } = model.selection.value;
  const select = ({ start, end }: Phase): void => {
    if (end > start) model.select({ range: { start, end } });
  };
  return (
    <div class="phases-view">
      <table class="plain-table phases-table" data-testid="phases-table">
        <thead>
          <tr>
            <th scope="col" class="text">
              Phase
            </th>
            <th scope="col">Start</th>
            {isHost && <th scope="col">Duration</th>}
            <th scope="col">Blocks</th>
            <th scope="col">Instructions</th>
            <th scope="col">Share</th>
            <th scope="col" class="text">
              Begins with
            </th>
          </tr>
        </thead>
        <tbody>
          {phases.map((phase) => (
            <tr key={phase.name} aria-selected={range?.start === phase.start && range.end === phase.end}>
              <th scope="row" class="text">
                <button type="button" class="link" title="Select this phase" onClick={() => select(phase)}>
                  {phase.name}
                </button>
              </th>
              <td title={`${formatExact(phase.start)}${isHost ? " ns" : ""}`}>
                {formatMoment(phase.start, summary.clock)}
              </td>
              {isHost && (
                <td title={`${formatExact(phase.end - phase.start)} ns`}>
                  {duration(nanoseconds(phase.end - phase.start))}
                </td>
              )}
              <td title={formatExact(phase.executions)}>{formatCount(phase.executions)}</td>
              <td title={formatExact(phase.instructions)}>{formatCount(phase.instructions)}</td>
              <td>{formatShare(phase.executions, summary.executions)}</td>
              <td class="text quiet">{phase.evidence}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
