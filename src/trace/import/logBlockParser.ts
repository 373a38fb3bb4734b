/** Parses texts of whole log lines into columns. */
import { learnTemplate, longestTemplate, templateKind, type TemplateKind } from "./lineTemplate";
import type { LogClock } from "./logClock";
import { logSlot, noCounts, type LogCounts, type LogPart, type LogStream } from "./logColumns";
import { LogEventCollector } from "./logEventLines";
import { lineKind, LogLineParser } from "./logLine";
import type { ImportMemory } from "./importMemory";
import { LogScanner } from "./logScanner";

/** QEMU left the code because of a pending interrupt before the block began (TB_EXIT_REQUESTED). */
const exitRequested = 3;
const exitMask = 3;
/** More vCPUs than QEMU can have: such a line is torn. */
const vcpuLimit = 4096;
/** A log whose lines are all laid out differently is not learned from for ever. */
const mostLessons = 4096;
const rowsPerLesson = 64;
const lineFeed = 0x0a;

/** A text in the parser's memory. */
export interface LogText {
  /** Which of the memory's places it lies in. */
  readonly place: number;
  /** Offsets in that place. Zeros for 256 bytes behind `end`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Numbers addresses over all texts that it gets, which need not be neighbours.
 *
 * Lines are read by LogScanner where they are laid out like one before, else by LogLineParser, from which the scanner learns.
 */
export class LogBlockParser {
  private readonly bytes: Uint8Array;
  private readonly parser: LogLineParser;
  private readonly scanner: LogScanner;
  private readonly slots = new Map<string, number>();
  private streams: LogStream[] = [];
  private readonly eventLines = new LogEventCollector();
  private counts: LogCounts = noCounts();
  private lessons = 0;
  private totalRows = 0;

  constructor(
    private readonly memory: ImportMemory,
    { stamped, firstSecond }: LogClock,
  ) {
    this.scanner = new LogScanner(memory, stamped);
    // Texts lie before the table, which alone grows: this view serves for ever.
    this.bytes = memory.bytes;
    this.parser = new LogLineParser(firstSecond);
    this.parser.setBytes(this.bytes);
  }

  parse({ place, start, end }: LogText): LogPart {
    const { memory, scanner, parser, bytes } = this;
    const textAt = memory.textAt(place);
    const stop = textAt + end;
    this.counts = noCounts();
    this.streams = [];
    let cut = start < end ? false : null;
    scanner.begin(place);
    for (let at = scanner.read(textAt + start, stop); at < stop; at = scanner.read(at, stop)) {
      const lineStart = at;
      at = parser.parse(at, stop);
      if (parser.kind === lineKind.other) {
        if (bytes[at - 1] === lineFeed) this.eventLines.take(bytes, lineStart, at, scanner.rows, parser.stamp);
        continue;
      }
      if (parser.kind === lineKind.torn && at === stop && bytes[stop - 1] !== 0x0a) cut = true;
      else this.takeLine(lineStart);
    }
    this.totalRows += scanner.rows;
    const { chained, unchained, unknown } = scanner.counts;
    const { counts } = this;
    counts.chained += chained;
    counts.unchained += unchained;
    counts.unknown += unknown;
    const addresses = scanner.addresses.takeNew();
    const events = this.eventLines.finish();
    const { rows, runs } = scanner;
    return { rows, runs, addresses, streams: this.streams, counts, events, cut };
  }

  private takeLine(lineStart: number): void {
    const { parser, counts } = this;
    switch (parser.kind) {
      case lineKind.trace:
        this.takeTrace(lineStart);
        break;
      case lineKind.execTb: {
        const slot = this.slotOf("execTb", parser.stamp.thread);
        this.takeBlock(slot, parser.tbKey);
        this.learn(lineStart, templateKind.execTb, slot);
        break;
      }
      case lineKind.exit:
        if ((parser.exitFlags & exitMask) === exitRequested) this.scanner.addKeyRow(parser.tbKey);
        this.learn(lineStart, templateKind.exit, logSlot.withdrawKey);
        break;
      case lineKind.stopped:
        this.takeBlock(logSlot.withdraw, 0);
        break;
      case lineKind.linking:
        counts.links++;
        break;
      case lineKind.torn:
        counts.torn++;
        break;
      case lineKind.other:
        break;
    }
  }

  private takeTrace(lineStart: number): void {
    const { parser, counts } = this;
    if (parser.vcpu >= vcpuLimit) {
      counts.torn++;
      return;
    }
    if (parser.unchained === null) counts.unknown++;
    else if (parser.unchained) counts.unchained++;
    else counts.chained++;
    const slot = this.slotOf("trace", Math.max(0, parser.vcpu));
    this.takeBlock(slot, 0);
    this.learn(lineStart, templateKind.trace, slot);
  }

  private takeBlock(slot: number, key: number): void {
    const { pcLow, pcHigh, stamp } = this.parser;
    if (!this.scanner.addRow(pcLow, pcHigh, slot, key, stamp.time)) this.counts.unnumbered++;
  }

  private slotOf(kind: LogStream["kind"], id: number): number {
    const name = `${kind}${id}`;
    let slot = this.slots.get(name);
    if (slot === undefined) {
      slot = logSlot.firstStream + this.slots.size;
      this.slots.set(name, slot);
      this.streams.push({ kind, id });
    }
    return slot;
  }

  private learn(lineStart: number, kind: TemplateKind, slot: number): void {
    if (this.lessons > mostLessons + this.totalRows / rowsPerLesson) return;
    this.lessons++;
    const line = Buffer.from(this.bytes.buffer, lineStart, longestTemplate).toString("latin1");
    const template = learnTemplate(line, kind);
    if (template === null) return;
    let seconds = 0;
    if (template.fractionDigits > 0) {
      const digits = line.slice(template.fractionAt, template.fractionAt + template.fractionDigits);
      const nanoseconds = Number(digits) * 10 ** (9 - template.fractionDigits);
      seconds = this.parser.stamp.time - nanoseconds;
      if (!Number.isSafeInteger(seconds)) return;
    }
    this.scanner.learn(template, slot, seconds);
  }
}
