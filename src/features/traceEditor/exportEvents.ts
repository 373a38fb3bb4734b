/** Events as tab-separated text for other programs: exact times, one line per event. */
import { tsvField } from "../../protocol/delimited";
import type { EventsPage, TraceSummary } from "../../protocol/engine";

/** A tab or line break inside a field becomes a space. */
const line = (...fields: readonly (string | number)[]): string =>
  `${fields.map((field) => tsvField(String(field))).join("\t")}\n`;

/** The first line: what the columns are. */
export const eventsHeading = ({ threads }: Pick<EventsPage, "threads">, clock: TraceSummary["clock"]): string =>
  line(clock === "host" ? "timeNs" : "execution", "event", threads, "arguments");

/** A line per event; an unknown thread is an empty field. */
export const eventLines = (page: EventsPage): string[] =>
  page.name.map((name, row) =>
    line(page.time[row], name, page.thread[row] < 0 ? "" : page.thread[row], page.arguments[row]),
  );
