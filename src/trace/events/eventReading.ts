/** What reading the events of a trace takes and gives. */
import type { EventDecoder } from "./eventDecoder";

/** Where the lines of QEMU's simpletrace.py go, in the order of the trace. */
export interface TextLines {
  /** Time of the line before, in nanoseconds on the source's clock; null: there was none. */
  before: bigint | null;
  /** Adds the lines of records that are yet to be decoded. */
  chunk(decoder: EventDecoder): void;
  /** Adds whole lines, in UTF-8. */
  text(lines: Uint8Array): void;
  /** Resolves when who reads them has room for more. */
  flush(): Promise<void>;
}

export interface EventReadOptions {
  /** Takes all records as lines, where a format can print them at once, instead of chunks. */
  readonly lines?: TextLines | undefined;
  /** A trace-events file to use instead of one beside the trace. */
  readonly traceEvents?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/** How to read the times of events. */
export interface EventClock {
  /** Time zero of the trace on the clock of its events; null: it is that of the first record. */
  readonly origin: bigint | null;
  /** False: times are execution numbers. */
  readonly stamped: boolean;
}

/** Takes the records of one chunk; the next is read when the promise resolves. */
export type TakeChunk = (decoder: EventDecoder, clock: EventClock) => Promise<void> | void;

/** What of the events is missing or doubtful, as plain sentences. */
export type EventProblems = readonly string[];
