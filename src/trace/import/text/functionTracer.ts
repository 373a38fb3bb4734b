/**
 * Imports the guest kernel's own ftrace, as `trace`, `trace_pipe` or `trace-cmd report` show it (kernel/trace/trace_output.c):
 *
 *   <idle>-0       [001] d..1. 1234.567890: switch_mm_irqs_off <-__schedule            tracer function
 *            sh-81    [000]    12.345678: function:             vfs_read <-- ksys_read      the same from trace-cmd
 *    0)   1.234 us    |  vfs_read();                                                   tracer function_graph
 *    0)               |  ksys_read() {
 */
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { NamedFunctions, namedFunctionsReason } from "../namedFunctions";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { cutText, lostRecords, recordAgain } from "../trustSentences";
import { importLines, lineText, type LineReader } from "./textLines";

const call = String.raw`(?<name>[A-Za-z_][\w.$]{0,511})(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[\w+\])?`;
const calls = new RegExp(
  String.raw`^.{1,40}-\d{1,7} +(?:\(.{7}\) +)?\[(?<cpu>\d{3,5})\] +(?:\S{4,6} +)?(?<seconds>\d{1,10})\.(?<fraction>\d{6,9}): (?:function: +)?${call} <--? ?\S+`,
  "m",
);
const graph = new RegExp(
  String.raw`^ *(?:(?<seconds>\d{1,10})\.(?<fraction>\d{6,9}) \| +)?(?<cpu>\d{1,4})\) +(?:\S{1,40} +(?:=> +)?\| +)?(?:[+!#*@$]? ?[\d.]+ us +)?\| +${call}\(\)(?:;| \{)`,
  "m",
);
const lost = /\[LOST (\d{1,15}) EVENTS\]|\[(\d{1,15}) EVENTS DROPPED\]/;
/** More vCPUs than any guest has. */
const vcpuLimit = 4096;

export const functionTracerFormats: readonly TraceFormat[] = [
  { name: "ftrace-function", line: calls },
  { name: "ftrace-function_graph", line: graph },
].map(({ name, line }) => ({
  name,
  recognize: ({ text }) => {
    const first = line.exec(text)?.groups as Record<string, string | undefined> | undefined;
    if (first === undefined) return null;
    const firstSecond = first["seconds"] === undefined ? NaN : Number(first["seconds"]);
    return importLines((writer) => new Calls(writer, name, line, firstSecond));
  },
}));

class Calls implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly names = new NamedFunctions();
  private lost = 0;

  /** @param firstSecond what times count from; NaN: lines have no times */
  constructor(
    private readonly writer: TraceWriter,
    private readonly format: string,
    private readonly line: RegExp,
    private readonly firstSecond: number,
  ) {
    this.sink = new ExecutionSink(writer, Number.isNaN(firstSecond) ? "events" : "host");
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const line = lineText(bytes, start, end);
    const groups = this.line.exec(line)?.groups as Record<string, string | undefined> | undefined;
    if (groups === undefined) {
      const found = lost.exec(line);
      if (found !== null) this.lost += Number(found.at(1) ?? found.at(2));
      return;
    }
    const { name = "", cpu = "0", seconds, fraction = "" } = groups;
    if (Number(cpu) >= vcpuLimit) return;
    const time = (Number(seconds) - this.firstSecond) * 1e9 + Number(fraction.padEnd(9, "0"));
    const address = this.names.addressOf(name);
    const block = this.sink.blockAt(Number(address & 0xffff_ffffn), Number(address >> 32n));
    this.sink.announce(Number(cpu), block, time, 0);
  }

  finish(): void {
    this.names.attach(this.writer);
    this.sink.finish();
  }

  result(cut: boolean): ImportResult {
    const reasons = [
      "The kernel's function tracer tells of calls: how often each function was entered is right; code that it does not trace (inlined, noinstr, user programs) is missing.",
      namedFunctionsReason,
    ];
    if (this.lost > 0) reasons.push(lostRecords("ftrace", this.lost));
    if (cut) reasons.push(cutText);
    reasons.push(recordAgain);
    return resultSoFar(this.sink, {
      format: this.format,
      stamped: !Number.isNaN(this.firstSecond),
      dropped: this.lost,
      trust: { mode: "incomplete", reasons },
    });
  }
}
