/** `bootscope events`: the trace events of a trace, counted, listed, or as QEMU's own script prints them. */
import { Command, Option } from "commander";
import { formatExact } from "../protocol/format";
import type { EventDecoder, EventRecord } from "../trace/events/eventDecoder";
import { globMatcher, parseEventFilter, type EventFilter } from "../trace/events/eventFilter";
import { isUndescribed, ThreadKind } from "../trace/events/eventDescriptor";
import { eventCsv, eventCsvHeading, eventJson, threadWords, type EventRowValues } from "../trace/events/eventRows";
import { namedValues, simpletraceLine, valueText, type NamedValue } from "../trace/events/eventText";
import type { TakeChunk, TextLines } from "../trace/events/eventReading";
import { TextOutput } from "./textOutput";
import { printJson, print, table } from "./output";
import { readTraceEvents } from "./readTraceEvents";
import { repeated, traceEventsOption } from "./traceOptions";

interface Flags {
  readonly count?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly text?: boolean;
  readonly name?: readonly string[];
  readonly filter?: string;
  readonly traceEvents?: string;
}

export function eventsCommand(): Command {
  return new Command("events")
    .description("List or count trace events. Of a simple trace or a log, executions (exec_tb) are among them.")
    .argument("<trace>", "a .bst file, a simple trace or a log, compressed or not; - for the standard input")
    .option("--count", "only say how many there are of each name")
    .option(
      "--name <glob>",
      "only events of this name (may be repeated); * and ? stand for any text and any character",
      repeated,
    )
    .option("--filter <text>", "only events for which all words hold: a text, or argument=value (also != < <= > >= ~)")
    .addOption(traceEventsOption())
    .addOption(new Option("--text", "print the lines of QEMU's simpletrace.py").conflicts(["json", "count", "csv"]))
    .addOption(
      new Option("--csv", "print comma-separated values, all arguments in one field").conflicts(["json", "count"]),
    )
    .option("--json", "print JSON: counts, or an object per line")
    .action(async (trace: string, flags: Flags) => {
      if (flags.count === true) await count(trace, flags);
      else await list(trace, flags);
    });
}

async function count(trace: string, flags: Flags): Promise<void> {
  const counts = new Map<string, number>();
  const add = (name: string, records: number): void => void counts.set(name, (counts.get(name) ?? 0) + records);
  const wanted = selection(flags);
  await readTraceEvents(trace, flags, (decoder) => {
    const { descriptors } = decoder;
    if (wanted.matchesArguments === null) {
      for (const descriptor of descriptors) {
        if (wanted.matchesName(descriptor)) add(descriptor.name, descriptor.count);
      }
    } else forSelected(decoder, wanted, ({ descriptor }) => add(descriptor.name, 1));
  });
  const sorted = [...counts].sort(([a, more], [b, most]) => most - more || (a < b ? -1 : 1));
  if (flags.json === true) printJson({ counts: Object.fromEntries(sorted) });
  else {
    const columns = [
      { title: "event", align: "left" as const },
      { title: "count", align: "right" as const },
    ];
    print(
      table(
        columns,
        sorted.map(([name, records]) => [name, formatExact(records)]),
      ),
    );
  }
}

async function list(trace: string, flags: Flags): Promise<void> {
  const output = new TextOutput(process.stdout);
  const wanted = selection(flags);
  const undescribed = new Set<string>();
  const addAll = (decoder: EventDecoder, line: Line, time: Clock): void =>
    forSelected(decoder, wanted, (record) => {
      if (isUndescribed(record.descriptor)) undescribed.add(record.descriptor.name);
      output.add(line(decoder, record, time));
    });
  const scriptLines: TextLines = {
    before: null,
    chunk: (decoder) => addAll(decoder, simpletraceLines(scriptLines), { zero: 0n, stamped: true }),
    text: (lines) => output.addText(lines),
    flush: () => output.flush(),
  };
  const line = flags.text === true ? simpletraceLines(scriptLines) : lineOf(flags);
  let zero: bigint | null = null;
  const take: TakeChunk = async (decoder, { origin, stamped }) => {
    if (zero === null && flags.csv === true) output.add(eventCsvHeading({ threads: decoder.head.threads, stamped }));
    zero ??= origin ?? decoder.head.firstTime;
    addAll(decoder, line, { zero, stamped });
    await output.flush();
  };
  await readTraceEvents(trace, flags, take, flags.text === true && wanted.isEmpty ? scriptLines : undefined);
  if (undescribed.size > 0) process.stderr.write(`bootscope: ${undescribedHint([...undescribed])}\n`);
}

function lineOf({ csv, json }: Flags): Line {
  if (csv === true) return csvLine;
  return json === true ? jsonLine : plainLine;
}

const undescribedHint = ([name, ...others]: readonly string[]): string =>
  `no trace-events file describes ${name}${others.length > 0 ? ` and ${others.length} more events` : ""}: their arguments have no names. Give the trace-events-all of the QEMU that wrote the trace with --trace-events, or put it beside the trace.`;

interface Clock {
  readonly zero: bigint;
  readonly stamped: boolean;
}

type Line = (decoder: EventDecoder, record: EventRecord, clock: Clock) => string;

/** Lines of simpletrace.py, which tell the time since the one before. */
function simpletraceLines(lines: Pick<TextLines, "before">): Line {
  return ({ time, thread, head }, { descriptor, values }) => {
    const delta = time - (lines.before ?? time);
    lines.before = time;
    return simpletraceLine(descriptor, values, delta, head.threads === ThreadKind.Vcpu ? -1 : thread);
  };
}

const rowOf = (
  { time, thread }: EventDecoder,
  { descriptor, values }: EventRecord,
  { zero }: Clock,
): EventRowValues => ({
  time: time - zero,
  thread,
  name: descriptor.name,
  arguments: namedValues(descriptor, values),
});

const jsonLine: Line = (decoder, record, clock) =>
  `${eventJson(rowOf(decoder, record, clock), { threads: decoder.head.threads, stamped: clock.stamped })}\n`;

const csvLine: Line = (decoder, record, clock) => eventCsv(rowOf(decoder, record, clock));

const plainLine: Line = ({ time, thread, head }, { descriptor, values }, { zero, stamped }) => {
  const given = namedValues(descriptor, values).map((value) => `${value.name}=${quoted(value)}`);
  const at = stamped ? secondsText(time - zero) : (time - zero).toString();
  const who = thread < 0 ? "" : ` ${threadWords[head.threads]}=${thread}`;
  return `${[`${at.padStart(16)}${who} ${descriptor.name}`, ...given].join(" ")}\n`;
};

/** Control characters of a guest do not reach the terminal. */
const quoted = (value: NamedValue): string =>
  typeof value.value === "string" ? JSON.stringify(value.value) : valueText(value);

/** All digits: 1.000234567. */
function secondsText(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, "0");
  return `${nanoseconds < 0n ? "-" : ""}${size / 1_000_000_000n}.${fraction}`;
}

/** What `--name` and `--filter` leave. */
function selection({ name = [], filter = "" }: Flags): EventFilter {
  const parsed = parseEventFilter(filter);
  const globs = name.map(globMatcher);
  if (globs.length === 0) return parsed;
  return {
    ...parsed,
    isEmpty: false,
    matchesName: (descriptor) => globs.some((matches) => matches(descriptor.name)) && parsed.matchesName(descriptor),
  };
}

function forSelected(decoder: EventDecoder, wanted: EventFilter, use: (record: EventRecord) => void): void {
  const named = decoder.descriptors.map((descriptor) => wanted.matchesName(descriptor));
  while (decoder.next()) {
    if (!named[decoder.event]) continue;
    const record = decoder.read();
    const { descriptor, values } = record;
    if (wanted.matchesArguments?.(descriptor, namedValues(descriptor, values)) !== false) use(record);
  }
}
