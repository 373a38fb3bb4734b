/** Puts the events of a log into the trace, in the order of its lines. */
import type { EventEncoder } from "../events/eventEncoder";
import { EventKeeper } from "../events/eventKeeper";
import { InterruptLines } from "../events/interruptLines";
import { LogEvents } from "../events/logEvents";
import type { EventCatalog } from "../events/traceEventsFiles";
import type { LogClock } from "./logClock";
import type { LogEventLines } from "./logEventLines";

const latin1 = new TextDecoder("latin1");
const nanosecondsPerSecond = 1_000_000_000n;

/** What a sink wrote. */
export interface KeptEvents {
  readonly total: number;
  /** Time zero of the trace on the clock of the events. */
  readonly origin: bigint;
  /** Of the last event, counted from there; 0: there is none. */
  readonly end: number;
}

export class LogEventSink {
  private readonly events: LogEvents;
  private readonly interrupts: InterruptLines;
  /** What times count from, in nanoseconds since 1970. */
  private readonly base: bigint;

  /** @param encoder of the trace, or of whoever wants the events; its threads are threads */
  constructor(
    private readonly clock: LogClock,
    catalog: EventCatalog,
    readonly encoder: EventEncoder,
  ) {
    const keeper = new EventKeeper(encoder);
    this.events = new LogEvents(keeper, (name) => catalog.describe(name));
    this.interrupts = new InterruptLines(keeper);
    this.base = Number.isSafeInteger(clock.firstSecond) ? BigInt(clock.firstSecond) * nanosecondsPerSecond : 0n;
  }

  /**
   * Takes all lines of a text.
   * @param executionsAt called with the number of rows before each line; answers the executions before it
   */
  takeAll(lines: LogEventLines | null, executionsAt: (rows: number) => number): void {
    if (lines === null) return;
    const { bytes, ends, rows, times, threads } = lines;
    for (let index = 0; index < ends.length; index++) {
      const executions = executionsAt(rows[index]);
      const text = latin1.decode(bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
      const stamp = times[index];
      const time = this.clock.stamped ? this.momentOf(stamp) : BigInt(executions);
      const moment = { time, thread: threads[index] };
      if (!this.interrupts.take(text, moment)) this.events.take(text, moment, !Number.isNaN(stamp));
    }
  }

  /** Writes what is left. */
  finish(): void {
    this.interrupts.finish();
    this.encoder.finish();
  }

  /**
   * What there is so far.
   * @param start of the executions, as stamps give it; NaN: there are none
   */
  kept(start: number): KeptEvents {
    const { total, earliestTime, latestTime } = this.encoder;
    const first = Number.isNaN(start) ? earliestTime : this.timeOf(start);
    const origin = this.clock.stamped ? first : 0n;
    return { total, origin, end: total === 0 ? 0 : Number(latestTime - origin) };
  }

  /** A line without a stamp among others that have one took place when the one before it did. */
  private momentOf(stamp: number): bigint {
    if (!Number.isNaN(stamp)) this.latest = this.timeOf(stamp);
    return this.latest;
  }

  private timeOf(stamp: number): bigint {
    return this.base + BigInt(Math.round(stamp));
  }

  private latest = 0n;
}
