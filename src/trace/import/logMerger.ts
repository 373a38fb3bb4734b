/** Puts what the parsers of a log found into one trace: called in the order of the log. */
import type { TraceWriter } from "../writer";
import { ExecutionSink } from "./executionSink";
import type { ImportResult } from "./traceFormat";
import { logStep, noCounts, type LogColumns, type LogCounts, type LogPart } from "./logColumns";
import { logTrust } from "./logTrust";

export class LogMerger {
  private readonly sink: ExecutionSink;
  private readonly numberings: readonly Numbering[];
  private readonly counts: LogCounts = noCounts();
  private source: "exec_tb" | "trace" = "exec_tb";
  private cut = false;

  /** @param parsers how many parsers there are, each with its own numbers of addresses */
  constructor(
    writer: TraceWriter,
    private readonly stamped: boolean,
    parsers: number,
  ) {
    this.sink = new ExecutionSink(writer, stamped ? "host" : "events");
    this.numberings = Array.from({ length: parsers }, () => new Numbering(this.sink));
  }

  /** @param parser which of the parsers made the part */
  take(part: LogPart, columns: LogColumns, parser: number): void {
    const { sink } = this;
    const numbering = this.numberings[parser];
    numbering.add(part.addresses);
    const { step, block, stream, key, time } = columns;
    for (let row = 0; row < part.count; row++) {
      switch (step[row]) {
        case logStep.trace:
          if (this.source === "exec_tb") this.preferTrace(numbering.blockOf(block[row]));
          sink.announce(stream[row], numbering.blockOf(block[row]), this.stamped ? time[row] : NaN, 0);
          break;
        case logStep.execTb: {
          if (this.source === "trace") break;
          const vcpu = stream[row] < 0 ? 0 : sink.streamOfThread(stream[row]);
          sink.announce(vcpu, numbering.blockOf(block[row]), this.stamped ? time[row] : NaN, key[row]);
          break;
        }
        case logStep.withdrawKey:
          sink.withdrawKey(key[row]);
          break;
        case logStep.withdraw:
          sink.withdraw(numbering.blockOf(block[row]));
          break;
      }
    }
    for (const name of countNames) this.counts[name] += part.counts[name];
    this.cut = part.cut;
  }

  finish(): ImportResult {
    const endTime = this.sink.finish();
    const { executions, vcpus, stepsBack } = this.sink;
    const { stamped, source, cut } = this;
    const trust = logTrust({ ...this.counts, source, cut });
    return {
      ...{ format: "qemu-log", executions, events: 0, eventOrigin: 0n, vcpus, endTime, stamped, stepsBack },
      ...{ dropped: 0, trust },
    };
  }

  /** Both kinds are on: `exec_tb` announced this block a line earlier, and would count every block twice from here on. */
  private preferTrace(block: number): void {
    this.source = "trace";
    this.sink.withdraw(block);
  }
}

const countNames = Object.keys(noCounts()) as (keyof LogCounts)[];

/** From a parser's numbers of addresses to the trace's, which are given in the order of first use. */
class Numbering {
  private addresses = new Uint32Array(2048);
  /** The trace's number + 1; 0: not used yet. */
  private blocks = new Uint32Array(1024);
  private count = 0;

  constructor(private readonly sink: ExecutionSink) {}

  /** @param addresses low and high halves, by number */
  add(addresses: Uint32Array): void {
    const count = this.count + addresses.length / 2;
    if (count > this.blocks.length) {
      const capacity = Math.max(count, this.blocks.length * 2);
      this.addresses = resized(this.addresses, capacity * 2);
      this.blocks = resized(this.blocks, capacity);
    }
    this.addresses.set(addresses, this.count * 2);
    this.count = count;
  }

  blockOf(number: number): number {
    const known = this.blocks[number];
    return known > 0 ? known - 1 : this.number(number);
  }

  private number(number: number): number {
    const block = this.sink.blockAt(this.addresses[number * 2], this.addresses[number * 2 + 1]);
    this.blocks[number] = block + 1;
    return block;
  }
}

function resized(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(column);
  return larger;
}
