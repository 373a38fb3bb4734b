/** Puts what the parsers of a log found into one trace: called in the order of the log. */
import type { TraceWriter } from "../writer";
import { executionResult, resultSoFar } from "./executionResult";
import { ExecutionSink } from "./executionSink";
import { BlockContents } from "./blockContents";
import { BlockNumbers } from "./blockNumbers";
import { logSlot, noCounts, runWords, type LogColumns, type LogCounts, type LogPart } from "./logColumns";
import type { LogStream } from "./logColumns";
import type { LogClock } from "./logClock";
import type { LogGuest } from "./logGuest";
import type { LogEventSink } from "./logEventSink";
import { LogTranslations, type Translation } from "./logTranslations";
import { eventsTrust, logTrust } from "./logTrust";
import type { ImportResult } from "./traceFormat";

/** What one parser's numbers mean. */
interface Numbering {
  readonly numbers: BlockNumbers;
  /** By slot. */
  readonly streams: (LogStream | undefined)[];
}

export class LogMerger {
  private readonly sink: ExecutionSink;
  private readonly numberings: readonly Numbering[];
  private readonly counts: LogCounts = noCounts();
  private readonly contents = new BlockContents();
  private readonly translations: LogTranslations;
  private source: "exec_tb" | "trace" = "exec_tb";
  private cut = false;
  private threadless = false;

  /**
   * @param parsers how many parsers there are, each with its own numbers of addresses
   * @param eventSink takes events besides executions
   * @param guest what its first lines tell of it
   */
  constructor(
    writer: TraceWriter,
    private readonly clock: LogClock,
    parsers: number,
    private readonly eventSink: LogEventSink,
    private readonly guest: LogGuest,
  ) {
    const { stamped } = clock;
    this.sink = new ExecutionSink(writer, stamped ? "host" : "events", (address) => this.contents.at(address));
    this.translations = new LogTranslations(guest.disassembled);
    this.numberings = Array.from({ length: parsers }, () => ({
      numbers: new BlockNumbers(this.sink),
      streams: Array.from({ length: logSlot.firstStream }, () => undefined),
    }));
  }

  /** @param parser which of the parsers made the part */
  take(part: LogPart, columns: LogColumns, parser: number): void {
    const numbering = this.numberings[parser];
    const translations = this.translations.take(part.events, part.rows);
    numbering.streams.push(...part.streams);
    if (translations.length === 0) numbering.numbers.add(part.addresses);
    else numbering.numbers.expect(part.addresses);
    const taken = { rows: 0, runs: 0 };
    let translated = 0;
    const takeUpTo = (row: number): number => {
      for (; translated < translations.length && translations[translated].row <= row; translated++) {
        this.takeRows(numbering, columns, taken, translations[translated].row);
        this.translate(translations[translated]);
      }
      this.takeRows(numbering, columns, taken, row);
      return this.sink.executions;
    };
    this.eventSink.takeAll(part.events, takeUpTo);
    takeUpTo(part.rows);
    numbering.numbers.addRest();
    for (const name of countNames) this.counts[name] += part.counts[name];
    this.cut = part.cut ?? this.cut;
  }

  finish(): ImportResult {
    return this.resultWith((rest) => executionResult(this.sink, rest, this.eventSink));
  }

  /** What the log would come to if it ended here. */
  soFar(): ImportResult {
    return this.resultWith((rest) => resultSoFar(this.sink, rest, this.eventSink));
  }

  private resultWith(
    complete: (rest: Pick<ImportResult, "format" | "stamped" | "trust">) => ImportResult,
  ): ImportResult {
    const { source, cut, threadless, sink } = this;
    const { stamped } = this.clock;
    const result = complete({ format: "qemu-log", stamped, trust: eventsTrust(cut) });
    const counts = { ...this.counts, unnumbered: this.counts.unnumbered + sink.unnumbered };
    const { executions, vcpus } = result;
    const trust = executions > 0 ? logTrust({ ...counts, source, cut, threadless }) : result.trust;
    const { disassembled, systemEmulation } = this.guest;
    return { ...result, vcpus: Math.max(1, vcpus), trust, target: disassembled.name, systemEmulation };
  }

  private translate({ block }: Translation): void {
    if (!this.contents.take(block)) return;
    const number = this.sink.findNumber(block.address);
    if (number < 0) return;
    this.sink.renewBlock(number, block.address);
    for (const { numbers } of this.numberings) numbers.renew(number);
  }

  /** Takes rows up to number `to`. @param taken rows and whole runs before: brought forward */
  private takeRows(numbering: Numbering, columns: LogColumns, taken: { rows: number; runs: number }, to: number): void {
    const { run } = columns;
    while (taken.rows < to) {
      const at = taken.runs * runWords;
      const end = run[at + 1];
      const stop = Math.min(to, end);
      // Where an event divides a run, the key is that of a later row: which announces something else before any key is compared.
      this.takeRun(numbering, columns, taken.rows, stop, run[at], run[at + 2]);
      taken.rows = stop;
      if (stop === end) taken.runs++;
    }
  }

  /** Rows that have the same slot. @param key of the run's last row */
  private takeRun(
    { numbers, streams }: Numbering,
    { block, time }: LogColumns,
    from: number,
    to: number,
    slot: number,
    key: number,
  ): void {
    const { sink } = this;
    const { blocks } = numbers;
    const stream = streams[slot];
    if (slot !== logSlot.withdrawKey) numbers.addUsed(block, from, to);
    if (stream === undefined) {
      if (slot === logSlot.withdrawKey) sink.withdrawKey(key);
      else for (let row = from; row < to; row++) sink.withdraw(blocks[block[row]]);
      return;
    }
    if (stream.kind === "execTb" && this.source === "trace") return;
    if (stream.kind === "trace" && this.source === "exec_tb") this.preferTrace(blocks[block[from]]);
    if (stream.kind === "execTb" && stream.id < 0) this.threadless = true;
    const vcpu = stream.kind === "trace" ? stream.id : stream.id < 0 ? 0 : sink.streamOfThread(stream.id);
    sink.announceRun(vcpu, block, numbers, time, from, to, key);
  }

  /** Both kinds are on: `exec_tb` announced this block a line earlier, and would count every block twice from here on. */
  private preferTrace(block: number): void {
    this.source = "trace";
    this.sink.withdraw(block);
  }
}

const countNames = Object.keys(noCounts()) as (keyof LogCounts)[];
