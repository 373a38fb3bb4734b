/** Events as rows for other programs: comma-separated, or as JSON. */
import { csvField } from "../../protocol/delimited";
import { ThreadKind } from "./eventDescriptor";
import { jsonValue, valueText, type NamedValue } from "./eventText";

/** What the number beside an event is called. */
export const threadWords = {
  [ThreadKind.Process]: "pid",
  [ThreadKind.Thread]: "tid",
  [ThreadKind.Vcpu]: "vcpu",
} as const;

/** What all rows of a trace have in common. */
export interface RowKind {
  readonly threads: ThreadKind;
  /** Times are nanoseconds; else they count executions. */
  readonly stamped: boolean;
}

export interface EventRowValues {
  readonly time: number | bigint;
  /** -1: unknown. */
  readonly thread: number;
  readonly name: string;
  readonly arguments: readonly NamedValue[];
}

const timeWord = ({ stamped }: RowKind): string => (stamped ? "timeNs" : "execution");

/** An object on one line, without its end. */
export function eventJson(row: EventRowValues, kind: RowKind): string {
  return JSON.stringify({
    [timeWord(kind)]: Number(row.time),
    ...(row.thread < 0 ? {} : { [threadWords[kind.threads]]: row.thread }),
    name: row.name,
    arguments: Object.fromEntries(row.arguments.map((value) => [value.name, jsonValue(value)])),
  });
}

export const eventCsvHeading = (kind: RowKind): string =>
  `${timeWord(kind)},${threadWords[kind.threads]},name,arguments\n`;

/** A line by RFC 4180; all arguments are one field, `name=value` with spaces between. */
export function eventCsv(row: EventRowValues): string {
  const given = row.arguments.map((value) => `${value.name}=${valueText(value)}`).join(" ");
  return `${row.time},${row.thread < 0 ? "" : row.thread},${csvField(row.name)},${csvField(given)}\n`;
}
