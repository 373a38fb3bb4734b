/**
 * Imports the log lines of the trace event `translate_block`, which has been in every QEMU since 2.2:
 *   [PREFIX]translate_block tb:0x…, pc:0x…, tb_code:0x…
 * with the prefixes of all trace events (logStamp.ts).
 */
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { StampParser } from "../logStamp";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { coverageTrust } from "./coverageTrust";
import { FieldReader } from "./fields";
import { importLines, type LineReader } from "./textLines";

const firstLine = /^(.{0,60}[: ])?translate_block tb:\S{1,18}, pc:0x[0-9a-f]{1,16}, tb_code:/m;

export const translationLogFormat: TraceFormat = {
  name: "qemu-translate_block-log",
  recognize: ({ text }) => {
    const first = firstLine.exec(text);
    if (first === null) return null;
    const prefix = first.at(1) ?? "";
    return importLines((writer) => new Translations(writer, isStamp(prefix)));
  },
};

function isStamp(prefix: string): boolean {
  const stamp = new StampParser();
  stamp.parse(Buffer.from(`${prefix}\0`, "latin1"), 0);
  return !Number.isNaN(stamp.time);
}

const digitZero = 0x30;
const digitNine = 0x39;

class Translations implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly fields = new FieldReader();
  private readonly stamp = new StampParser();

  constructor(
    writer: TraceWriter,
    private readonly stamped: boolean,
  ) {
    this.sink = new ExecutionSink(writer, stamped ? "host" : "events");
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const { fields, stamp, sink } = this;
    stamp.clear();
    const isDigit = bytes[start] >= digitZero && bytes[start] <= digitNine;
    fields.set(bytes, isDigit ? stamp.parse(bytes, start) : start);
    if (!fields.text("translate_block tb:") || !fields.hex() || !fields.text(", pc:") || !fields.hex()) return;
    const block = sink.blockAt(fields.low, fields.high);
    if (!fields.text(", tb_code:") || !fields.hex() || fields.at !== end) return;
    sink.announce(stamp.thread < 0 ? 0 : sink.streamOfThread(stamp.thread), block, stamp.time, 0);
  }

  finish(): void {
    this.sink.finish();
  }

  result(cut: boolean): ImportResult {
    const trust = coverageTrust("The trace event translate_block", cut);
    return resultSoFar(this.sink, { format: translationLogFormat.name, stamped: this.stamped, trust });
  }
}
