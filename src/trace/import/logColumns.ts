/** What a block of a log says, as columns: made by parsers on any thread, read by the one that writes the trace. */

/** Lines that matter to the order of executions. */
export const logStep = {
  /** `-d exec`: the block was executed. */
  trace: 0,
  /** `exec_tb`: the block was entered from QEMU's main loop. */
  execTb: 1,
  /** The block announced last with this key did not run. */
  withdrawKey: 2,
  /** The block did not run, if it was announced last. */
  withdraw: 3,
} as const;

/** Shared memory: row `i` of each belongs to step `i`. What a step does not use is left as it was. */
export interface LogColumns {
  readonly step: Uint8Array;
  /** The parser's own number of the block's address. */
  readonly block: Uint32Array;
  /** `trace`: the vCPU. `execTb`: the thread, or -1. */
  readonly stream: Float64Array;
  /** `execTb`, `withdrawKey`: a key of the block. */
  readonly key: Int32Array;
  /** Nanoseconds, NaN for none; only of logs that are stamped. */
  readonly time: Float64Array;
}

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
}

/** What a parser says of a block besides its columns. */
export interface LogPart {
  /** Steps. */
  readonly count: number;
  /** Low and high halves of the addresses that this parser met for the first time; its numbers go on from earlier parts. */
  readonly addresses: Uint32Array;
  readonly counts: LogCounts;
  /** The block ends inside a line of ours. */
  readonly cut: boolean;
}

/** The shortest line that makes a step has 13 bytes: `Trace 0x [1]` and a line feed. */
const shortestLine = 13;

/** Columns for any text of so many bytes. The system gives memory only where it is written. */
export function logColumns(textBytes: number): LogColumns {
  const rows = Math.ceil(textBytes / shortestLine);
  const shared = (rowBytes: number): SharedArrayBuffer => new SharedArrayBuffer(rows * rowBytes);
  return {
    step: new Uint8Array(shared(1)),
    block: new Uint32Array(shared(4)),
    stream: new Float64Array(shared(8)),
    key: new Int32Array(shared(4)),
    time: new Float64Array(shared(8)),
  };
}

export const noCounts = (): LogCounts => ({ chained: 0, unchained: 0, unknown: 0, links: 0, torn: 0 });
