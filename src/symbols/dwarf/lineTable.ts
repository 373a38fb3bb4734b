import { hasColumns, isBetween } from "../imageStore";
import { AddressHalves, SortedAddresses } from "../sortedAddresses";
import type { LineColumns, LineTable } from "../types";
import { noFile } from "./lineFiles";
import type { LineRows, LineSequence, RowColumns } from "./lineRows";

/** A line table as columns: of its rows, and of its sequences by ascending `start`. */
export interface LineTableColumns extends RowColumns {
  readonly files: readonly string[];
  readonly start: BigUint64Array;
  /** Of each sequence: the halves of the address that its row offsets count from, its length, and its rows. */
  readonly originHigh: Uint32Array;
  readonly originLow: Uint32Array;
  readonly length: Uint32Array;
  readonly firstRow: Uint32Array;
  readonly endRow: Uint32Array;
}

/**
 * A decoded line table that is searched first by sequence, then by row: rows are in order inside a sequence only, and to sort
 * tens of thousands of sequences is less work than to sort millions of rows.
 *
 * Where sequences overlap, the one that starts first covers the shared addresses, and one inside another is ignored: the rule
 * of binutils (`sort_line_sequences` in its dwarf2.c), so that both name the same line.
 */
export class SearchableLines implements LineTable {
  private readonly starts: SortedAddresses;

  constructor(readonly columns: LineTableColumns) {
    this.starts = new SortedAddresses(columns.start);
  }

  static of(files: readonly string[], rows: LineRows): SearchableLines {
    const { starts, sequences } = trimOverlaps(rows.sequences);
    const origins = new AddressHalves(BigUint64Array.from(sequences, ({ origin }) => origin));
    return new SearchableLines({
      files,
      ...rows.columns(),
      start: BigUint64Array.from(starts),
      originHigh: Uint32Array.from(sequences, (_, index) => origins.high(index)),
      originLow: Uint32Array.from(sequences, (_, index) => origins.low(index)),
      length: Uint32Array.from(sequences, ({ length }) => length),
      firstRow: Uint32Array.from(sequences, ({ firstRow }) => firstRow),
      endRow: Uint32Array.from(sequences, ({ endRow }) => endRow),
    });
  }

  get files(): readonly string[] {
    return this.columns.files;
  }

  lookupMany(addresses: BigUint64Array): LineColumns {
    return this.lookUp(addresses, () => -1);
  }

  entriesMany(addresses: BigUint64Array): LineColumns {
    return this.lookUp(addresses, (row) => this.entryOf(row));
  }

  /** @param entryOf the entry of a row that tells more than the row, or -1 */
  private lookUp(addresses: BigUint64Array, entryOf: (row: number) => number): LineColumns {
    const halves = new AddressHalves(addresses);
    const { columns } = this;
    const file = new Int32Array(addresses.length).fill(-1);
    const line = new Uint32Array(addresses.length);
    for (let index = 0; index < addresses.length; index++) {
      const row = this.findRow(halves.high(index), halves.low(index));
      if (row < 0) continue;
      const entry = entryOf(row);
      const found = entry < 0 ? columns.file[row] : columns.entryFile[entry];
      if (found === noFile) continue;
      file[index] = found;
      line[index] = entry < 0 ? columns.line[row] : columns.entryLine[entry];
    }
    return { file, line };
  }

  private entryOf(row: number): number {
    const { entryRow } = this.columns;
    let from = 0;
    let to = entryRow.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (entryRow[middle] < row) from = middle + 1;
      else to = middle;
    }
    return entryRow[from] === row ? from : -1;
  }

  /** The row that covers an address, or -1. */
  private findRow(high: number, low: number): number {
    const sequence = this.starts.lastNotAbove(high, low);
    if (sequence < 0) return -1;
    // A sequence is shorter than 2^31 bytes: the difference is exact, or the address is not inside.
    const { columns } = this;
    const offset = (high - columns.originHigh[sequence]) * 2 ** 32 + (low - columns.originLow[sequence]);
    if (offset >= columns.length[sequence]) return -1;
    let from = columns.firstRow[sequence];
    let to = columns.endRow[sequence];
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (columns.offset[middle] > offset) to = middle;
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

const kinds = {
  files: Array,
  offset: Uint32Array,
  file: Uint32Array,
  line: Uint32Array,
  entryRow: Uint32Array,
  entryFile: Uint32Array,
  entryLine: Uint32Array,
  start: BigUint64Array,
  originHigh: Uint32Array,
  originLow: Uint32Array,
  length: Uint32Array,
  firstRow: Uint32Array,
  endRow: Uint32Array,
};

/** The columns of a table that were kept, when they make sense: all numbers lead to something. */
export function keptLines(value: unknown): LineTableColumns | null {
  if (!hasColumns(value, kinds)) return null;
  const kept = value as unknown as LineTableColumns;
  const { offset, file, line, entryRow, entryFile, entryLine, start, firstRow, endRow } = kept;
  const bySequence = [kept.originHigh, kept.originLow, kept.length, firstRow, endRow];
  const isSound =
    file.length === offset.length &&
    line.length === offset.length &&
    bySequence.every(({ length }) => length === start.length) &&
    firstRow.every((first, index) => first < endRow[index] && endRow[index] <= offset.length) &&
    entryFile.length === entryRow.length &&
    entryLine.length === entryRow.length &&
    isBetween(file, 0, kept.files.length, noFile) &&
    isBetween(entryFile, 0, kept.files.length, noFile);
  return isSound ? kept : null;
}
