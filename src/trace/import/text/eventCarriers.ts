/**
 * Imports events that went through something else on their way to a text file:
 *
 *   ftrace        qemu-system-x86-4242  [003] ..... 1234.567890: tracing_mark_write: exec_tb tb:0x7f… pc=0xfffffff0
 *                 CPU 0/TCG-4243 [003] 1234.567890: print: tracing_mark_write: exec_tb tb:0x7f… pc=0xfffffff0  (trace-cmd report)
 *   syslog        Nov 20 12:00:00 host qemu-system-x86_64[4242]: exec_tb tb:0x7f… pc=0xfffffff0
 *                 2026-11-20T12:00:00.123456+01:00 host qemu-system-x86_64[4242]: …  (rsyslog's other form, journalctl -o short-iso-precise)
 *   babeltrace    see babeltrace.ts
 *
 * The CPU of ftrace and LTTng is one of the host, so that only threads separate vCPUs, where there are any.
 */
import { formatExact } from "../../../protocol/format";
import { ThreadKind } from "../../events/eventDescriptor";
import type { EventCatalog } from "../../events/traceEventsFiles";
import type { NamedField } from "../../events/namedFields";
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { LogEventSink } from "../logEventSink";
import { execTbTrust } from "../logTrust";
import type { ImportResult, ImportTrust, TraceFormat } from "../traceFormat";
import { cutText, eventsOnly, inseparable, lostRecords, tornLines } from "../trustSentences";
import { parseBabeltraceEvent } from "./babeltrace";
import { importEventLines, lineText, type LineReader } from "./textLines";

/** An event that a line carries. Seconds are apart: nanoseconds since 1970 are more than a double can tell apart. */
interface Carried {
  /** On the carrier's clock; NaN: none. */
  readonly second: number;
  readonly nanoseconds: number;
  /** -1: none. */
  readonly thread: number;
  readonly event: CarriedEvent;
}

type CarriedEvent = Execution<"enter"> | Execution<"exit"> | LogText | Fields;

interface Execution<Kind> {
  readonly kind: Kind;
  readonly key: number;
  /** Program counter, or how the code was left. */
  readonly value: bigint;
}

/** As in QEMU's log. */
interface LogText {
  readonly kind: "text";
  readonly text: string;
  /** QEMU wrote it, so that it is an event even if nothing describes it. */
  readonly certain: boolean;
}

interface Fields {
  readonly kind: "fields";
  readonly name: string;
  readonly fields: readonly NamedField[];
}

interface Carrier {
  readonly name: string;
  /** The first event that a text of one or more lines carries. */
  readonly parse: (text: string) => Carried | null;
  /** Lines that tell how many events were lost. */
  readonly lost: RegExp;
  readonly tellLost: (count: number) => string;
  /** The clock tells the time of the day only. */
  readonly daily: boolean;
  readonly reason: string | null;
}

const ftraceLine =
  /^(?<program>.{1,40})-(?<thread>\d{1,7}) +(?:\(.{7}\) +)?\[\d{3,5}\] +(?:\S{4,6} +)?(?<seconds>\d{1,10})\.(?<fraction>\d{6,9}): (?:\S{1,40}: +){1,2}(?<text>[a-z]\w{0,127}(?: .*)?)$/m;
const syslogLine =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?<fraction>\.\d{6})?\S{1,6}) \S{1,255} (?<program>\S{1,60})\[(?<thread>\d{1,7})\]: (?<text>[a-z]\w{0,127}(?: .*)?)$/m;
/** Names that QEMU and its threads have. */
const ofQemu = /qemu|kvm|CPU \d+\/(?:TCG|KVM)/;
const execution =
  /^(?<event>exec_tb(?:_nocache|_exit)?) tb:(?<tb>\S{1,18}) (?:pc|flags)=(?:0x)?(?<value>[0-9a-f]{1,16})$/;

const carriers: readonly Carrier[] = [
  {
    name: "ftrace",
    parse: (text) => {
      const found = groupsOf(ftraceLine, text);
      if (found === null) return null;
      const { program = "", thread, seconds, fraction } = found;
      const event = logEvent(found["text"] ?? "", ofQemu.test(program));
      return { second: Number(seconds), nanoseconds: nanoseconds(fraction), thread: Number(thread), event };
    },
    lost: /\[LOST (\d{1,15}) EVENTS\]|\[(\d{1,15}) EVENTS DROPPED\]/,
    tellLost: (count) => lostRecords("ftrace", count),
    daily: false,
    reason: null,
  },
  {
    name: "syslog",
    // The usual stamp has neither year nor parts of a second: it says less of time than the order of the lines does.
    parse: (text) => {
      const found = groupsOf(syslogLine, text);
      if (found === null) return null;
      const { program = "", thread, iso, fraction } = found;
      const event = logEvent(found["text"] ?? "", ofQemu.test(program));
      const second = iso === undefined || fraction === undefined ? NaN : Date.parse(`${iso}Z`) / 1000;
      return { second, nanoseconds: nanoseconds(fraction?.slice(1)), thread: Number(thread), event };
    },
    lost: /message repeated \d+ times|imjournal: \d+ messages lost|Suppressed \d+ messages/,
    tellLost: (count) => `The system log says ${formatExact(count)}× that it left messages out.`,
    daily: false,
    reason: "A system log may leave messages out when there are many: what is here ran, how often is not sure.",
  },
  {
    name: "lttng",
    parse: (text) => {
      const found = parseBabeltraceEvent(text);
      return found && { ...found, event: fieldsEvent(found) };
    },
    lost: /Tracer (?:may have )?discarded (\d{1,15}) events/,
    tellLost: (count) => lostRecords("LTTng", count),
    daily: true,
    reason: null,
  },
];

const groupsOf = (pattern: RegExp, text: string): Readonly<Record<string, string | undefined>> | null =>
  pattern.exec(text)?.groups ?? null;

const nanoseconds = (fraction: string | undefined): number => Number((fraction ?? "").padEnd(9, "0"));

function logEvent(text: string, certain: boolean): CarriedEvent {
  const { event, tb = "", value = "0" } = groupsOf(execution, text) ?? {};
  if (event === undefined) return { kind: "text", text, certain };
  return { kind: event === "exec_tb_exit" ? "exit" : "enter", key: keyOf(tb), value: BigInt(`0x${value}`) };
}

/** Of a block's host address, in any notation, `(nil)` included. */
const keyOf = (tb: string): number =>
  Number(BigInt.asIntN(32, /^(?:0x)?[0-9a-f]+$/i.test(tb) ? BigInt(tb.startsWith("0x") ? tb : `0x${tb}`) : 0n));

function fieldsEvent({ name, fields }: Omit<Fields, "kind">): CarriedEvent {
  const [tb, value] = [fields.at(0)?.value, fields.at(1)?.value];
  const isExecution = fields.length === 2 && typeof tb === "bigint" && typeof value === "bigint";
  if (!isExecution || !/^exec_tb(?:_nocache|_exit)?$/.test(name)) return { kind: "fields", name, fields };
  const key = Number(BigInt.asIntN(32, tb));
  return { kind: name === "exec_tb_exit" ? "exit" : "enter", key, value: BigInt.asUintN(64, value) };
}

/** Texts that have executions are of a carrier, and those that have events of QEMU for certain. */
const isTelling = ({ event }: Carried): boolean =>
  event.kind !== "text" || (event.certain && /^[a-z]\w*_\w+(?: |$)/.test(event.text));

export const carrierFormats: readonly TraceFormat[] = carriers.map((carrier) => ({
  name: carrier.name,
  recognize: ({ text }) => {
    const first = firstTelling(carrier, text);
    return first && importEventLines((writer, catalog) => new CarriedEvents(writer, catalog, carrier, first.second));
  },
}));

/** Lines that are looked at one by one where the first is of another program. */
const searchedLines = 2000;

function firstTelling(carrier: Carrier, text: string): Carried | null {
  const first = carrier.parse(text);
  if (first === null || isTelling(first)) return first;
  for (let at = 0, lines = 0; at < text.length && lines < searchedLines; lines++) {
    const end = text.indexOf("\n", at);
    const found = carrier.parse(text.slice(at, end < 0 ? text.length : end));
    if (found !== null && isTelling(found)) return found;
    at = end < 0 ? text.length : end + 1;
  }
  return null;
}

const [exitRequested, exitMask] = [3n, 3n];
const secondsPerDay = 86_400;

class CarriedEvents implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly events: LogEventSink;
  private lost = 0;
  private torn = 0;
  private threadless = false;
  /** Seconds of the days that passed since the first line, and the last line's time of the day. */
  private days = 0;
  private secondOfDay = 0;

  /** @param firstSecond what times count from; NaN: lines have no times */
  constructor(
    writer: TraceWriter,
    catalog: EventCatalog,
    private readonly carrier: Carrier,
    private readonly firstSecond: number,
  ) {
    const stamped = !Number.isNaN(firstSecond);
    this.sink = new ExecutionSink(writer, stamped ? "host" : "events");
    this.events = new LogEventSink({ stamped, firstSecond }, catalog, writer.eventEncoder(ThreadKind.Thread));
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const line = lineText(bytes, start, end);
    const { carrier, sink, events } = this;
    const carried = carrier.parse(line);
    const event = carried?.event;
    if (carried === null || event === undefined || isTorn(event)) {
      const lost = carrier.lost.exec(line);
      if (lost) this.lost += Number(lost.at(1) ?? lost.at(2) ?? 1);
      else if (line.includes("exec_tb")) this.torn++;
      return;
    }
    const { thread } = carried;
    const time = this.timeOf(carried);
    if (event.kind === "enter") {
      const block = sink.blockAt(Number(event.value & 0xffff_ffffn), Number(event.value >> 32n));
      this.threadless ||= thread < 0;
      sink.announce(thread < 0 ? 0 : sink.streamOfThread(thread), block, time, event.key);
    } else if (event.kind === "exit") {
      if ((event.value & exitMask) === exitRequested) sink.withdrawKey(event.key);
    } else {
      const moment = events.momentOf(time, thread, sink.executions);
      if (event.kind === "fields") events.takeFields(event.name, event.fields, moment);
      else events.take(event.text, moment, event.certain);
    }
  }

  finish(): void {
    this.sink.finish();
    this.events.finish();
  }

  result(cut: boolean): ImportResult {
    const { lost, torn, carrier, threadless, events } = this;
    const whole = {
      format: carrier.name,
      stamped: !Number.isNaN(this.firstSecond),
      dropped: lost,
      trust: execTbTrust(),
    };
    const result = resultSoFar(this.sink, whole, events);
    const executed = result.executions > 0;
    const reasons = executed && threadless ? [inseparable] : [];
    if (carrier.reason !== null) reasons.push(carrier.reason);
    if (lost > 0) reasons.push(carrier.tellLost(lost));
    if (torn > 0) reasons.push(tornLines(torn));
    const mode = reasons.length > 0 ? "incomplete" : "complete";
    if (cut) reasons.push(cutText);
    const trust: ImportTrust = executed ? execTbTrust(reasons) : { mode, reasons: [eventsOnly, ...reasons] };
    return { ...result, vcpus: Math.max(1, result.vcpus), trust };
  }

  /** Nanoseconds since the first second. */
  private timeOf({ second, nanoseconds: rest }: Carried): number {
    if (this.carrier.daily) {
      if (second < this.secondOfDay - secondsPerDay / 2) this.days += secondsPerDay;
      this.secondOfDay = second;
    }
    return (second + this.days - this.firstSecond) * 1e9 + rest;
  }
}

/** It begins like an execution, and goes on otherwise. */
const isTorn = (event: CarriedEvent): boolean => event.kind === "text" && event.text.startsWith("exec_tb");
