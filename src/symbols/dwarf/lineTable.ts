import { AddressHalves, SortedAddresses } from "../sortedAddresses";
import type { LineColumns, LineTable } from "../types";
import { noFile } from "./lineFiles";
import type { LineRows, LineSequence } from "./lineRows";

/**
 * A decoded line table that is searched first by sequence, then by row: rows are in order inside a sequence only, and to sort
 * tens of thousands of sequences is less work than to sort millions of rows.
 *
 * Where sequences overlap, the one that starts first covers the shared addresses, and one inside another is ignored: the rule
 * of binutils (`sort_line_sequences` in its dwarf2.c), so that both name the same line.
 */
export class SearchableLines implements LineTable {
  private readonly offset: Uint32Array;
  private readonly file: Uint32Array;
  private readonly line: Uint32Array;
  private readonly starts: SortedAddresses;
  /** Of each sequence: the halves of the address that its row offsets count from, its length, and its rows. */
  private readonly originHigh: Uint32Array;
  private readonly originLow: Uint32Array;
  private readonly length: Uint32Array;
  private readonly firstRow: Uint32Array;
  private readonly endRow: Uint32Array;

  constructor(
    readonly files: readonly string[],
    rows: LineRows,
  ) {
    ({ offset: this.offset, file: this.file, line: this.line } = rows.columns());
    const { starts, sequences } = trimOverlaps(rows.sequences);
    this.starts = new SortedAddresses(BigUint64Array.from(starts));
    const origins = new AddressHalves(BigUint64Array.from(sequences, ({ origin }) => origin));
    this.originHigh = Uint32Array.from(sequences, (_, index) => origins.high(index));
    this.originLow = Uint32Array.from(sequences, (_, index) => origins.low(index));
    this.length = Uint32Array.from(sequences, ({ length }) => length);
    this.firstRow = Uint32Array.from(sequences, ({ firstRow }) => firstRow);
    this.endRow = Uint32Array.from(sequences, ({ endRow }) => endRow);
  }

  lookupMany(addresses: BigUint64Array): LineColumns {
    const halves = new AddressHalves(addresses);
    const file = new Int32Array(addresses.length).fill(-1);
    const line = new Uint32Array(addresses.length);
    for (let index = 0; index < addresses.length; index++) {
      const row = this.findRow(halves.high(index), halves.low(index));
      if (row < 0 || this.file[row] === noFile) continue;
      file[index] = this.file[row];
      line[index] = this.line[row];
    }
    return { file, line };
  }

  /** The row that covers an address, or -1. */
  private findRow(high: number, low: number): number {
    const sequence = this.starts.lastNotAbove(high, low);
    if (sequence < 0) return -1;
    // A sequence is shorter than 2^31 bytes: the difference is exact, or the address is not inside.
    const offset = (high - this.originHigh[sequence]) * 2 ** 32 + (low - this.originLow[sequence]);
    if (offset >= this.length[sequence]) return -1;
    let from = this.firstRow[sequence];
    let to = this.endRow[sequence];
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (this.offset[middle] > offset) to = middle;
      else from = middle;
    }
    return from;
  }
}

/** Sequences by ascending start, each cut to what no earlier one covers. */
function trimOverlaps(all: readonly LineSequence[]): { starts: bigint[]; sequences: LineSequence[] } {
  const sorted = [...all].sort((a, b) =>
    a.origin === b.origin ? b.length - a.length || a.firstRow - b.firstRow : a.origin < b.origin ? -1 : 1,
  );
  const starts: bigint[] = [];
  const sequences: LineSequence[] = [];
  let covered = 0n;
  for (const sequence of sorted) {
    const end = sequence.origin + BigInt(sequence.length);
    if (end <= covered) continue;
    starts.push(sequence.origin < covered ? covered : sequence.origin);
    sequences.push(sequence);
    covered = end;
  }
  return { starts, sequences };
}
