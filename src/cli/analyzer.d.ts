/**
 * What `bootscope analyze` runs: a module's default export, an object or a class, with a method per event name. Names and
 * meaning are those of the Analyzer of QEMU's scripts/simpletrace.py. See docs/analyze.md.
 */

/** Numbers are exact to 64 bits, negative where the argument's type is signed; texts are strings. */
export type Argument = bigint | string;

/** An event as the trace's description has it. */
export interface Event {
  readonly name: string;
  /** C types and names of the arguments, in order. */
  readonly args: readonly (readonly [type: string, name: string])[];
}

/** A record: the event's name, nanoseconds on the trace's clock, the process or thread (-1: unknown), then the arguments. */
export type Record = readonly [name: string, timestamp: bigint, pid: number, ...args: Argument[]];

export interface Analyzer {
  /** Before the first record. @param args what follows the trace on the command line */
  begin?(args: readonly string[]): void | Promise<void>;
  /** A record for which there is no method. */
  catchall?(event: Event, record: Record): void;
  /** After the last record. Not called when a method has thrown. */
  end?(): void | Promise<void>;
}

/**
 * A method that has the name of an event is called for each of its records. What it is given depends on how many parameters
 * it declares, n being the number of the event's arguments: n + 1: the time stamp and the arguments; n + 2: time stamp, pid,
 * and the arguments; otherwise: the arguments.
 */
export type EventMethod = (...args: never[]) => void;
