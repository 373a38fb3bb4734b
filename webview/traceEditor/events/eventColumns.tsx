/** The columns of the table of events and how their cells are written. */
import type { ComponentChildren } from "preact";
import type { EventsPage, TraceSummary } from "../../../src/protocol/engine";
import { formatExact, formatMoment } from "../../../src/protocol/format";
import { nanoseconds } from "../../../src/protocol/units";
import type { Column } from "../../common/virtualTable";
import type { EventRow } from "./eventRows";

export type EventColumn = "moment" | "event" | "thread" | "arguments";

const threadLabels: Record<EventsPage["threads"], string> = { process: "Process", thread: "Thread", vcpu: "vCPU" };

export const eventColumns = (
  clock: TraceSummary["clock"],
  threads: EventsPage["threads"],
): readonly Column<EventColumn>[] => [
  clock === "host"
    ? { id: "moment", label: "Time", hint: "On the host, since the start of the trace", numeric: true }
    : { id: "moment", label: "Execution", hint: "Blocks that were executed before it", numeric: true },
  { id: "event", label: "Event", hint: "Name in QEMU's trace-events. Double-click: only this event" },
  { id: "thread", label: threadLabels[threads], hint: `${threadLabels[threads]} that it took place in`, numeric: true },
  { id: "arguments", label: "Arguments", hint: "By their names in trace-events, in full" },
];

/** Events are close together: microseconds tell them apart, the hover has all digits. */
const shownStep = 1e3;

export function cell(row: EventRow, column: EventColumn, clock: TraceSummary["clock"]): ComponentChildren {
  switch (column) {
    case "moment": {
      const time = nanoseconds(row.time);
      if (clock !== "host") return formatExact(time);
      return <span title={`${formatExact(time)} ns`}>{formatMoment(time, clock, shownStep)}</span>;
    }
    case "event":
      return <span title={row.name}>{row.name}</span>;
    case "thread":
      return row.thread < 0 ? "–" : String(row.thread);
    case "arguments":
      return <span title={row.arguments}>{row.arguments}</span>;
  }
}
