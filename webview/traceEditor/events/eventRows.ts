/** The rows of the table of events. */
import type { EventsPage } from "../../../src/protocol/engine";
import type { PageEventNamesQuery, PageEventsQuery } from "../../../src/protocol/page";
import { PagedRows } from "../../common/pagedRows";

/** One event as the table shows it. */
export interface EventRow {
  /** Nanoseconds since the start of the trace, or an execution number where the trace has no clock. */
  readonly time: number;
  /** -1: unknown. */
  readonly thread: number;
  readonly name: string;
  /** `name=value`, with spaces between. */
  readonly arguments: string;
}

export class EventRows extends PagedRows<PageEventNamesQuery, EventsPage, EventRow> {
  constructor(ask: (query: PageEventsQuery, signal: AbortSignal) => Promise<EventsPage>) {
    super(ask, ({ time, thread, name, arguments: given }, at) => ({
      time: time[at],
      thread: thread[at],
      name: name[at],
      arguments: given[at],
    }));
  }
}
