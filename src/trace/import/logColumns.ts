/** What a text of a log says, as columns: made by parsers on any thread, read by the one that writes the trace. */
import type { LogEventLines } from "./logEventLines";

/** The first slots say themselves what a row means; later ones stand for streams, in the order in which they were met. */
export const logSlot = {
  /** The block did not run, if it was announced last. */
  withdraw: 0,
  /** The block announced last with this key did not run. */
  withdrawKey: 1,
  firstStream: 2,
} as const;

/** A row of such a slot announces a block. */
export interface LogStream {
  /** `trace`: `-d exec`, the block was executed. `execTb`: it was entered from QEMU's main loop. */
  readonly kind: "trace" | "execTb";
  /** `trace`: the vCPU. `execTb`: the thread, or -1. */
  readonly id: number;
}

/** What rows say. Row `i` of `block` and `time` belongs together. */
export interface LogColumns {
  /** The parser's own number of the block's address. */
  readonly block: Uint32Array;
  /** Nanoseconds, NaN for none; only of logs that are stamped. */
  readonly time: Float64Array;
  /**
   * Per run, which is rows that follow one another and have the same slot: the slot, the number of the row after the last one,
   * and that one's key, which `execTb` and `withdrawKey` have. Rows that withdraw by key are runs of their own.
   */
  readonly run: Int32Array;
}

/** Numbers of a run in `LogColumns.run`. */
export const runWords = 3;

/** Counts that do not depend on order. */
export interface LogCounts {
  /** `-d exec` lines whose flags say that chaining was on, off, or that have no such flags (before QEMU 6.1). */
  chained: number;
  unchained: number;
  unknown: number;
  /** `Linking TBs` lines. */
  links: number;
  /** Lines that begin like an announcement and break off. */
  torn: number;
  /** Lines of blocks beyond `mostAddresses`. */
  unnumbered: number;
}

/** What a parser says of a text besides its columns. Its numbers and slots go on from earlier texts. */
export interface LogPart {
  readonly rows: number;
  readonly runs: number;
  /** The addresses that this parser met for the first time. */
  readonly addresses: BigUint64Array;
  /** Streams likewise. */
  readonly streams: readonly LogStream[];
  readonly counts: LogCounts;
  readonly events: LogEventLines | null;
  /** The text ends inside a line of ours; null: it has no lines. */
  readonly cut: boolean | null;
}

export const noCounts = (): LogCounts => ({ chained: 0, unchained: 0, unknown: 0, links: 0, torn: 0, unnumbered: 0 });
