/**
 * Imports `exec_tb` events that went through something else on their way to a text file:
 *
 *   ftrace        qemu-system-x86-4242  [003] ..... 1234.567890: tracing_mark_write: exec_tb tb:0x7f… pc=0xfffffff0
 *                 CPU 0/TCG-4243 [003] 1234.567890: print: tracing_mark_write: exec_tb tb:0x7f… pc=0xfffffff0  (trace-cmd report)
 *   syslog        Nov 20 12:00:00 host qemu-system-x86_64[4242]: exec_tb tb:0x7f… pc=0xfffffff0
 *                 2026-11-20T12:00:00.123456+01:00 host qemu-system-x86_64[4242]: …  (rsyslog's other form, journalctl -o short-iso-precise)
 *   babeltrace    [12:00:00.123456789] (+0.000000123) host qemu:exec_tb: { cpu_id = 3 }, { tb = 0x7F35…, pc = 0xFFFFFFF0 }
 *
 * The CPU of ftrace and LTTng is one of the host, so that only threads separate vCPUs, where there are any.
 */
import type { TraceWriter } from "../../writer";
import { executionResult } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { execTbTrust } from "../logTrust";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { importLines, lineText, type LineReader } from "./textLines";

/** Seconds are apart: nanoseconds since 1970 are more than a double can tell apart. */
interface Stamp {
  /** On the carrier's clock; NaN: none. */
  readonly second: number;
  readonly nanoseconds: number;
  /** -1: none. */
  readonly thread: number;
}

interface Carrier {
  readonly name: string;
  /** Where its lines with exec_tb events have what; `m` flag, linear in the length of a line. */
  readonly line: RegExp;
  readonly stamp: (groups: Readonly<Record<string, string | undefined>>) => Stamp;
  /** Lines that tell how many events were lost. */
  readonly lost: RegExp | null;
  readonly reason: string | null;
}

const event = String.raw`(?<event>exec_tb(?:_nocache|_exit)?) tb:(?<tb>\S{1,18}) (?:pc|flags)=(?:0x)?(?<value>[0-9a-f]{1,16})$`;

const ftrace: Carrier = {
  name: "ftrace",
  line: new RegExp(
    String.raw`^.{1,40}-(?<thread>\d{1,7}) +(?:\(.{7}\) +)?\[\d{3,5}\] +(?:\S{4,6} +)?(?<seconds>\d{1,10})\.(?<fraction>\d{6,9}): .{0,60}?${event}`,
    "m",
  ),
  stamp: ({ thread, seconds, fraction }) => ({
    second: Number(seconds),
    nanoseconds: nanoseconds(fraction),
    thread: Number(thread),
  }),
  lost: /\[LOST (\d{1,15}) EVENTS\]|\[(\d{1,15}) EVENTS DROPPED\]/,
  reason: null,
};

const syslog: Carrier = {
  name: "syslog",
  line: new RegExp(
    String.raw`^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?<fraction>\.\d{6})?\S{1,6}) \S{1,255} \S{1,60}\[(?<thread>\d{1,7})\]: ${event}`,
    "m",
  ),
  // The usual stamp has neither year nor parts of a second: it says less of time than the order of the lines does.
  stamp: ({ iso, fraction, thread }) => ({
    second: iso === undefined || fraction === undefined ? NaN : Date.parse(`${iso}Z`) / 1000,
    nanoseconds: nanoseconds(fraction?.slice(1)),
    thread: Number(thread),
  }),
  lost: /message repeated \d+ times|imjournal: \d+ messages lost|Suppressed \d+ messages/,
  reason: "A system log may leave messages out when there are many: what is here ran, how often is not sure.",
};

const babeltrace: Carrier = {
  name: "lttng",
  line: new RegExp(
    String.raw`^\[(?:[\d-]{10} )?(?<hours>\d\d):(?<minutes>\d\d):(?<seconds>\d\d)\.(?<fraction>\d{9})\] \(\+\S{3,20}\) .{0,255}?qemu:(?<event>exec_tb(?:_nocache|_exit)?): .{0,400}?(?:last_tb|next_tb|tb) = (?<tb>0x[0-9A-F]{1,16}), (?:pc|flags) = (?:0x)?(?<value>[0-9A-F]{1,16}) \}$`,
    "m",
  ),
  stamp: ({ hours, minutes, seconds, fraction }) => ({
    second: (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds),
    nanoseconds: nanoseconds(fraction),
    thread: -1,
  }),
  lost: /Tracer discarded (\d{1,15}) events/,
  reason: null,
};

const nanoseconds = (fraction: string | undefined): number => Number((fraction ?? "").padEnd(9, "0"));

export const carrierFormats: readonly TraceFormat[] = [ftrace, syslog, babeltrace].map((carrier) => ({
  name: carrier.name,
  recognize: ({ text }) => {
    const first = carrier.line.exec(text);
    if (first?.groups === undefined) return null;
    const { second } = carrier.stamp(first.groups);
    return importLines((writer) => new CarriedEvents(writer, carrier, second));
  },
}));

const [exitRequested, exitMask] = [3n, 3n];

class CarriedEvents implements LineReader {
  private readonly sink: ExecutionSink;
  private lost = 0;
  private torn = 0;

  /** @param firstSecond what times count from; NaN: lines have no times */
  constructor(
    writer: TraceWriter,
    private readonly carrier: Carrier,
    private readonly firstSecond: number,
  ) {
    this.sink = new ExecutionSink(writer, Number.isNaN(firstSecond) ? "events" : "host");
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const line = lineText(bytes, start, end);
    const { carrier, sink } = this;
    const groups = carrier.line.exec(line)?.groups;
    if (groups === undefined) {
      const lost = carrier.lost?.exec(line);
      if (lost) this.lost += Number(lost.at(1) ?? lost.at(2) ?? 1);
      else if (line.includes("exec_tb")) this.torn++;
      return;
    }
    const key = keyOf(groups["tb"] ?? "");
    const value = BigInt(`0x${groups["value"] ?? "0"}`);
    if (groups["event"] === "exec_tb_exit") {
      if ((value & exitMask) === exitRequested) sink.withdrawKey(key);
      return;
    }
    const { second, nanoseconds: rest, thread } = carrier.stamp(groups);
    const time = (second - this.firstSecond) * 1e9 + rest;
    const block = sink.blockAt(Number(value & 0xffff_ffffn), Number(value >> 32n));
    sink.announce(thread < 0 ? 0 : sink.streamOfThread(thread), block, time, key);
  }

  finish(cut: boolean): ImportResult {
    const { lost, torn, carrier } = this;
    const reasons = [...execTbTrust.reasons];
    if (carrier.reason !== null) reasons.push(carrier.reason);
    if (torn > 0) reasons.push(`${torn} lines are torn: their blocks are missing.`);
    if (cut) reasons.push("The text ends in the middle of a line.");
    const incomplete = lost > 0 || torn > 0 || carrier.reason !== null;
    return executionResult(this.sink, {
      format: carrier.name,
      stamped: !Number.isNaN(this.firstSecond),
      dropped: lost,
      trust: { mode: incomplete ? "incomplete" : execTbTrust.mode, reasons },
    });
  }
}

/** Of a block's host address, in any notation, `(nil)` included. */
const keyOf = (tb: string): number =>
  Number(BigInt.asIntN(32, /^(?:0x)?[0-9a-f]+$/i.test(tb) ? BigInt(tb.startsWith("0x") ? tb : `0x${tb}`) : 0n));
