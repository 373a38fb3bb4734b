/** Parses blocks of whole log lines into columns. */
import { AddressIndex } from "./addressIndex";
import type { LogClock } from "./logClock";
import { logStep, noCounts, type LogColumns, type LogCounts, type LogPart } from "./logColumns";
import { lineKind, LogLineParser } from "./logLine";

/** QEMU left the code because of a pending interrupt before the block began (TB_EXIT_REQUESTED). */
const exitRequested = 3;
const exitMask = 3;
/** More vCPUs than QEMU can have: such a line is torn. */
const vcpuLimit = 4096;

/** A block's text, and where to put what it says. Cheap to send to a thread: the memory is shared. */
export interface LogText {
  /** Zero-padded by 256 bytes behind `end`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly columns: LogColumns;
}

/** Numbers addresses over all blocks that it gets, which need not be neighbours. */
export class LogBlockParser {
  private readonly parser: LogLineParser;
  private readonly stamped: boolean;
  private readonly index: AddressIndex;
  private added: number[] = [];
  private counts: LogCounts = noCounts();

  constructor({ stamped, firstSecond }: LogClock) {
    this.parser = new LogLineParser(firstSecond);
    this.stamped = stamped;
    this.index = new AddressIndex((low, high) => this.added.push(low, high));
  }

  parse({ bytes, start, end, columns }: LogText): LogPart {
    const { parser } = this;
    parser.setBytes(bytes);
    this.added = [];
    this.counts = noCounts();
    let count = 0;
    let cut = false;
    for (let at = start; at < end;) {
      at = parser.parse(at, end);
      if (parser.kind === lineKind.other) continue;
      if (parser.kind === lineKind.torn && at === end && bytes[end - 1] !== 0x0a) cut = true;
      else if (this.takeLine(columns, count)) count++;
    }
    return { count, addresses: Uint32Array.from(this.added), counts: this.counts, cut };
  }

  /** Puts the line into this row, or only counts it. */
  private takeLine(columns: LogColumns, row: number): boolean {
    const { parser, counts } = this;
    switch (parser.kind) {
      case lineKind.trace:
        return this.takeTrace(columns, row);
      case lineKind.execTb:
        columns.step[row] = logStep.execTb;
        columns.stream[row] = parser.stamp.thread;
        columns.key[row] = parser.tbKey;
        this.takeBlock(columns, row);
        return true;
      case lineKind.exit:
        columns.step[row] = logStep.withdrawKey;
        columns.key[row] = parser.tbKey;
        return (parser.exitFlags & exitMask) === exitRequested;
      case lineKind.stopped:
        columns.step[row] = logStep.withdraw;
        this.takeBlock(columns, row);
        return true;
      case lineKind.linking:
        counts.links++;
        return false;
      case lineKind.torn:
        counts.torn++;
        return false;
      case lineKind.other:
        return false;
    }
  }

  private takeTrace(columns: LogColumns, row: number): boolean {
    const { parser, counts } = this;
    if (parser.vcpu >= vcpuLimit) {
      counts.torn++;
      return false;
    }
    if (parser.unchained === null) counts.unknown++;
    else if (parser.unchained) counts.unchained++;
    else counts.chained++;
    columns.step[row] = logStep.trace;
    columns.stream[row] = Math.max(0, parser.vcpu);
    this.takeBlock(columns, row);
    return true;
  }

  private takeBlock(columns: LogColumns, row: number): void {
    const { parser } = this;
    columns.block[row] = this.index.numberOf(parser.pcLow, parser.pcHigh);
    if (this.stamped) columns.time[row] = parser.stamp.time;
  }
}
