/** Puts the events of a log into the trace, in the order of its lines. */
import type { EventEncoder } from "../events/eventEncoder";
import { EventKeeper, type EventMoment } from "../events/eventKeeper";
import { InterruptLines } from "../events/interruptLines";
import { LogEvents } from "../events/logEvents";
import { keepFields, type NamedField } from "../events/namedFields";
import type { EventCatalog } from "../events/traceEventsFiles";
import type { LogClock } from "./logClock";
import type { LogEventLines } from "./logEventLines";
import { mayBeDisassembly } from "./text/disassembly";

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
  private readonly keeper: EventKeeper;
  private readonly events: LogEvents;
  private readonly interrupts: InterruptLines;
  /** What times count from, in nanoseconds since 1970. */
  private readonly base: bigint;
  /** Time of the last event. */
  private latest = 0n;

  /** @param encoder of the trace, or of whoever wants the events; its threads are threads */
  constructor(
    private readonly clock: LogClock,
    private readonly catalog: EventCatalog,
    readonly encoder: EventEncoder,
  ) {
    this.keeper = new EventKeeper(encoder);
    this.events = new LogEvents(this.keeper, (name) => catalog.describe(name));
    this.interrupts = new InterruptLines(this.keeper);
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
      const start = index === 0 ? 0 : ends[index - 1];
      if (mayBeDisassembly(bytes, start)) continue;
      const executions = executionsAt(rows[index]);
      const text = latin1.decode(bytes.subarray(start, ends[index]));
      const stamp = times[index];
      const moment = this.momentOf(stamp, threads[index], executions);
      if (!this.interrupts.take(text, moment)) this.events.take(text, moment, !Number.isNaN(stamp));
    }
  }

  /**
   * Takes one event, as QEMU's log has it.
   * @param certain as for `LogEvents.take`
   */
  take(text: string, moment: EventMoment, certain: boolean): void {
    this.events.take(text, moment, certain);
  }

  /** Takes one event whose arguments have names. */
  takeFields(name: string, fields: readonly NamedField[], moment: EventMoment): void {
    keepFields(this.keeper, name, fields, this.catalog.describe(name), moment);
  }

  /**
   * When an event took place.
   * @param stamp nanoseconds as in rows, or NaN
   * @param thread or -1
   * @param executions those before it
   */
  momentOf(stamp: number, thread: number, executions: number): EventMoment {
    if (!this.clock.stamped) return { time: BigInt(executions), thread };
    // A line without a stamp among others that have one took place when the one before it did.
    if (!Number.isNaN(stamp)) this.latest = this.timeOf(stamp);
    return { time: this.latest, thread };
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

  private timeOf(stamp: number): bigint {
    return this.base + BigInt(Math.round(stamp));
  }
}
