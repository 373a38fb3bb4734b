/**
 * Imports what QEMU's scripts/simpletrace.py prints of a binary simple trace (0.14 to 11.1):
 *
 *   exec_tb 12.345 pid=4242 tb=0x7f3524000040 pc=0xfffffff0
 *   exec_tb_exit 0.222 pid=4242 next_tb=0x7f3524000040 flags=0x0        (last_tb since 5.1; before 2.1 without pid)
 *   Dropped_Event 100.000 pid=4242 num_events_dropped=0xc               (0.15 to 1.1: dropped … count=0xc)
 *
 * The number is the time in microseconds since the line before, whatever event that is of. It may be negative. Columns may have
 * been aligned with more spaces.
 */
import { ThreadKind } from "../../events/eventDescriptor";
import type { NamedField } from "../../events/namedFields";
import { unescapedBytes } from "../../events/pythonBytes";
import type { EventCatalog } from "../../events/traceEventsFiles";
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { LogEventSink } from "../logEventSink";
import { execTbTrust } from "../logTrust";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { cutText, inseparable, lostRecords, tornLines } from "../trustSentences";
import { FieldReader } from "./fields";
import { importEventLines, lineText, type LineReader } from "./textLines";

const firstExecution =
  /^exec_tb(?:_nocache)? +-?\d{1,15}\.\d{3} (?:pid=\d{1,10} )? *tb=0x[0-9a-f]{1,16} pc=0x[0-9a-f]/m;

export const simpletraceTextFormat: TraceFormat = {
  name: "simpletrace-text",
  recognize: ({ text }) =>
    firstExecution.test(text) ? importEventLines((writer, catalog) => new PrintedRecords(writer, catalog)) : null,
};

const ownEvents = new Set(["exec_tb", "exec_tb_nocache", "exec_tb_exit", "Dropped_Event", "dropped"]);
/** Numbers, and texts as Python 3 prints bytes; of Python 2, a text ends at its first space. */
const printedField =
  /(?:^|(?<= ))(\w{1,128})=(?:(0x[0-9a-f]{1,16})(?= |$)|(b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*")|(\S*))/g;
const [exitRequested, exitMask] = [3, 3];
const [space, minus, dot] = [0x20, 0x2d, 0x2e];

class PrintedRecords implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly fields = new FieldReader();
  private time = 0;
  private dropped = 0;
  private torn = 0;

  private readonly events: LogEventSink;

  constructor(writer: TraceWriter, catalog: EventCatalog) {
    this.sink = new ExecutionSink(writer, "host");
    const clock = { stamped: true, firstSecond: 0 };
    this.events = new LogEventSink(clock, catalog, writer.eventEncoder(ThreadKind.Process));
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const { fields } = this;
    let at = start;
    while (at < end && isWord(bytes[at])) at++;
    if (at === start || bytes[at] !== space) return;
    fields.set(bytes, at);
    fields.spaces();
    if (!this.takeDelta(bytes)) return;
    fields.spaces();
    let pid = -1;
    if (fields.text("pid=")) {
      pid = fields.decimal();
      fields.spaces();
    }
    const name = lineText(bytes, start, at);
    if (this.takeArguments(name, pid, end)) return;
    if (!ownEvents.has(name)) this.keep(name, pid, lineText(bytes, Math.min(fields.at, end), end));
    else this.torn++;
  }

  finish(): void {
    this.sink.finish();
    this.events.finish();
  }

  result(cut: boolean): ImportResult {
    const { dropped, torn } = this;
    const reasons = [inseparable];
    if (dropped > 0) reasons.push(lostRecords("QEMU", dropped));
    if (torn > 0) reasons.push(tornLines(torn));
    if (cut) reasons.push(cutText);
    const trust = execTbTrust(reasons);
    return resultSoFar(this.sink, { format: simpletraceTextFormat.name, stamped: true, dropped, trust }, this.events);
  }

  private keep(name: string, pid: number, text: string): void {
    const given = [...text.matchAll(printedField)].map(
      ([, argument, number, quoted, plain]: (string | undefined)[]): NamedField => {
        const value = number === undefined ? unescapedBytes(quoted?.slice(2, -1) ?? plain ?? "") : BigInt(number);
        return { name: argument ?? "", value, hexadecimal: true };
      },
    );
    // Times of a trace do not begin before 0.
    this.events.takeFields(name, given, this.events.momentOf(Math.max(0, this.time), pid, 0));
  }

  /** False: it is none of these events, or the line breaks off. */
  private takeArguments(name: string, pid: number, end: number): boolean {
    const { fields, sink } = this;
    switch (name) {
      case "exec_tb":
      case "exec_tb_nocache": {
        if (!fields.text("tb=") || !fields.hex()) return false;
        const key = fields.low;
        if (!fields.text(" pc=") || !fields.hex() || fields.at !== end) return false;
        const stream = pid < 0 ? 0 : sink.streamOfThread(pid);
        sink.announce(stream, sink.blockAt(fields.low, fields.high), this.time, key);
        return true;
      }
      case "exec_tb_exit": {
        if (!["next_tb=", "last_tb=", "tb="].some((label) => fields.text(label)) || !fields.hex()) return false;
        const key = fields.low;
        if (!fields.text(" flags=") || !fields.hex()) return false;
        if ((fields.low & exitMask) === exitRequested) sink.withdrawKey(key);
        return true;
      }
      case "Dropped_Event":
      case "dropped":
        if (!["num_events_dropped=", "count="].some((label) => fields.text(label)) || !fields.hex()) return false;
        this.dropped += (fields.low >>> 0) + (fields.high >>> 0) * 2 ** 32;
        return true;
      default:
        return false;
    }
  }

  private takeDelta(bytes: Uint8Array): boolean {
    const { fields } = this;
    const negative = bytes[fields.at] === minus;
    if (negative) fields.at++;
    const start = fields.at;
    const microseconds = fields.decimal();
    if (fields.at === start || bytes[fields.at] !== dot) return false;
    const point = ++fields.at;
    const thousandths = fields.decimal();
    if (fields.at !== point + 3) return false;
    const delta = microseconds * 1000 + thousandths;
    this.time += negative ? -delta : delta;
    return true;
  }
}

const isWord = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
