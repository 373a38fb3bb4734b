/** What reading the events of a trace takes and gives. */
import type { EventDecoder } from "./eventDecoder";

export interface EventReadOptions {
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
