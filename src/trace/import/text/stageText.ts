/**
 * Imports the files that Richard Jones made in two steps of simpletrace.py's text ("Tracing QEMU guest execution", 2016):
 *
 *   11409436.4899973 7fb95ab3cd20                                 time in microseconds, program counter
 *   11409435.5189973 retint_user + 8 in section .text             … or what gdb's `info symbol` says of it
 */
import { formatExact } from "../../../protocol/format";
import type { TraceWriter } from "../../writer";
import { resultSoFar } from "../executionResult";
import { ExecutionSink } from "../executionSink";
import { execTbTrust } from "../logTrust";
import { NamedFunctions, namedFunctionsReason } from "../namedFunctions";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { cutText } from "../trustSentences";
import { importLines, lineText, type LineReader } from "./textLines";

const line =
  /^(?<microseconds>\d{1,12})(?:\.(?<fraction>\d{1,17}))? (?:(?:0x)?(?<pc>[0-9a-f]{1,16})|(?<name>[\w.$]{1,512})(?: \+ (?<offset>\d{1,9}))? in section \S{1,64}(?: of .{1,200})?)$/;
/** Numbers in two columns are many things: only a file that has nothing else in its first lines is this one. */
const linesToBelieve = 20;

export const stageTextFormat: TraceFormat = {
  name: "time-and-pc-text",
  recognize: ({ text, whole }) => {
    const lines = text.slice(0, 64 * 1024).split(/\r?\n/);
    if (!whole || text.length > 64 * 1024) lines.pop();
    const first = lines.filter((each) => each !== "").slice(0, linesToBelieve);
    const matches = first.map((each) => line.exec(each));
    const times = matches.map((match) => Number(match?.groups?.["microseconds"]));
    const ascending = times.every((time, index) => index === 0 || time >= times[index - 1]);
    // A fraction of a second, or a symbol, and addresses that are more than small numbers.
    const telling = matches.some(
      (match) => match?.groups?.["name"] !== undefined || (match?.groups?.["pc"] ?? "").length > 4,
    );
    const believed = first.length > 0 && matches.every((match) => match !== null) && ascending && telling;
    return believed ? importLines((writer) => new TimesAndPlaces(writer)) : null;
  },
};

class TimesAndPlaces implements LineReader {
  private readonly sink: ExecutionSink;
  private readonly names = new NamedFunctions();
  private named = 0;
  private torn = 0;

  constructor(private readonly writer: TraceWriter) {
    this.sink = new ExecutionSink(writer, "host");
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    const groups = line.exec(lineText(bytes, start, end))?.groups;
    if (groups === undefined) {
      if (end > start) this.torn++;
      return;
    }
    const { microseconds, fraction = "", pc, name, offset = "0" } = groups as Record<string, string | undefined>;
    // What is behind the third digit is what adding up doubles left behind.
    const time = Number(microseconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
    const address = name === undefined ? BigInt(`0x${pc ?? "0"}`) : this.names.addressOf(name, BigInt(offset));
    if (name !== undefined) this.named++;
    this.sink.announce(0, this.sink.blockAt(Number(address & 0xffff_ffffn), Number(address >> 32n)), time, 0);
  }

  finish(): void {
    this.names.attach(this.writer);
    this.sink.finish();
  }

  result(cut: boolean): ImportResult {
    const { torn } = this;
    const reasons: string[] = [];
    if (this.named > 0) reasons.push(namedFunctionsReason);
    if (torn > 0)
      reasons.push(`${formatExact(torn)} ${torn === 1 ? "line is" : "lines are"} of another form: left out.`);
    if (cut) reasons.push(cutText);
    return resultSoFar(this.sink, { format: stageTextFormat.name, stamped: true, trust: execTbTrust(reasons) });
  }
}
