/** Which views a trace has. Pure. */
import type { TraceSummary } from "../../src/protocol/engine";
import type { PageTab } from "../../src/protocol/page";

export type Held = Pick<TraceSummary, "events" | "distinctBlocks">;

/** Whether a trace holds events and nothing that was executed. */
export const isEventsOnly = ({ events, distinctBlocks }: Held): boolean => events > 0 && distinctBlocks === 0;

/** The views with something to show, in their order; at least one. While nothing is known of the trace, those of executions. */
export function availableTabs(summary: Held | null): readonly PageTab[] {
  if (summary !== null && isEventsOnly(summary)) return ["events"];
  return summary !== null && summary.events > 0 ? ["functions", "phases", "events"] : ["functions", "phases"];
}
