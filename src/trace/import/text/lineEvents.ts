/** Keeps what a text's lines tell of besides executions: QEMU's trace events and interrupts. */
import { ThreadKind } from "../../events/eventDescriptor";
import type { EventCatalog } from "../../events/traceEventsFiles";
import type { TraceWriter } from "../../writer";
import type { LogClock } from "../logClock";
import { LogEventCollector } from "../logEventLines";
import { LogEventSink } from "../logEventSink";
import { StampParser } from "../logStamp";

export class LineEvents {
  readonly sink: LogEventSink;
  private readonly collector = new LogEventCollector();
  private readonly stamp: StampParser;

  constructor(writer: TraceWriter, catalog: EventCatalog, clock: LogClock) {
    this.sink = new LogEventSink(clock, catalog, writer.eventEncoder(ThreadKind.Thread));
    this.stamp = new StampParser(clock.firstSecond);
  }

  /**
   * Takes a line that tells of no execution, without its end.
   * @param executions those before it
   */
  takeLine(bytes: Uint8Array, start: number, end: number, executions: number): void {
    if (this.collector.take(bytes, start, end, 0, this.stamp)) {
      this.sink.takeAll(this.collector.finish(), () => executions);
    }
  }
}

/** Of texts without time stamps. */
export const noClock: LogClock = { stamped: false, firstSecond: NaN };
