import { GrowingColumn } from "../growingColumn";
import { noFile } from "./lineFiles";

/** Offsets of a sequence's rows from its first address are kept in 32 signed bits: no sequence of a program is longer. */
const maximumOffset = 0x7fffffff;
const firstCapacity = 1 << 10;
/** 12 bytes each; a kernel with everything built in has about 30 million. */
const maximumRows = 48 << 20;

/** A sequence of rows, contiguous and in ascending order once it is closed (DWARF 5, 6.2.1). */
export interface LineSequence {
  /** Address that row offsets count from. */
  readonly origin: bigint;
  /** Offset from `origin` behind the last instruction. */
  readonly length: number;
  readonly firstRow: number;
  /** Behind its last row. */
  readonly endRow: number;
}

/** Rows of sequences as columns. */
export interface RowColumns {
  /** Of each row: bytes from its sequence's origin, number of the file or `noFile`, line. */
  readonly offset: Uint32Array;
  readonly file: Uint32Array;
  readonly line: Uint32Array;
  /** Rows, ascending, whose address has a statement of another file first, and that file and line. */
  readonly entryRow: Uint32Array;
  readonly entryFile: Uint32Array;
  readonly entryLine: Uint32Array;
}

/**
 * The rows of a line table as columns that grow while a program runs. Of rows with one address the last one counts, as in
 * binutils and in the standard's reading ("a row covers the addresses up to the next row"). The first one that is a statement is
 * kept where it is of another file: at a function's first address it is the function's, and the last one that of inlined code.
 */
export class LineRows {
  readonly sequences: LineSequence[] = [];
  private offset: Int32Array;
  private file: Uint32Array;
  private line: Uint32Array;
  private count = 0;
  /** Rows whose address has a statement of another file first, ascending, and that file and line. */
  private readonly entryRow = new GrowingColumn();
  private readonly entryFile = new GrowingColumn();
  private readonly entryLine = new GrowingColumn();
  /** The first statement at the address of the last row: its file, or -1 while there is none, and its line. */
  private statementFile = -1;
  private statementLine = 0;
  private origin = 0n;
  private firstRow = 0;
  private lastOffset = -Infinity;
  private ascending = true;
  private inRange = true;

  /** @param expected rows that there is room for without a copy of all; memory that is not used is not taken */
  constructor(expected = 0) {
    const capacity = Math.min(Math.max(expected, firstCapacity), maximumRows);
    this.offset = new Int32Array(capacity);
    this.file = new Uint32Array(capacity);
    this.line = new Uint32Array(capacity);
  }

  /** Starts a sequence whose row offsets count from `origin`. */
  open(origin: bigint): void {
    this.origin = origin;
    this.firstRow = this.count;
    this.statementFile = -1;
    this.lastOffset = -Infinity;
    this.ascending = true;
    this.inRange = true;
  }

  /** Adds a row. `file` is a number of the image's file table or `noFile`. */
  add(offset: number, file: number, line: number, isStatement: boolean): void {
    const previous = this.lastOffset;
    if (offset === previous) {
      this.count--;
    } else {
      this.keepEntry();
      if (this.count === this.offset.length && !this.grow()) return;
    }
    const row = this.count++;
    this.offset[row] = offset;
    this.file[row] = file;
    this.line[row] = line;
    this.lastOffset = offset;
    if (isStatement && this.statementFile < 0) {
      this.statementFile = file;
      this.statementLine = line;
    }
    if (offset < previous) this.ascending = false;
    if (offset > maximumOffset || offset < -maximumOffset) this.inRange = false;
  }

  /** Keeps the first statement at the last row's address, if that row is of another file. */
  private keepEntry(): void {
    const { count, statementFile } = this;
    if (statementFile >= 0 && count > this.firstRow && this.file[count - 1] !== statementFile) {
      this.entryRow.push(count - 1);
      this.entryFile.push(statementFile);
      this.entryLine.push(this.statementLine);
    }
    this.statementFile = -1;
  }

  /** Forgets entries of the rows from this one on. */
  private dropEntries(row: number): void {
    const { entryRow, entryFile, entryLine } = this;
    let { length } = entryRow;
    while (length > 0 && entryRow.at(length - 1) >= row) length--;
    entryRow.length = entryFile.length = entryLine.length = length;
  }

  /** Ends the sequence behind its last row, which is the end itself: it covers no address. */
  close(): void {
    const { firstRow, count } = this;
    if (count > firstRow && !this.ascending) this.sortRows(firstRow, count);
    const lowest = this.offset[firstRow];
    const length = count > firstRow ? this.offset[count - 1] - lowest : 0;
    if (!this.inRange || length <= 0) {
      this.count = firstRow;
      this.dropEntries(firstRow);
    } else {
      if (lowest !== 0) for (let row = firstRow; row < count; row++) this.offset[row] -= lowest;
      const origin = BigInt.asUintN(64, this.origin + BigInt(lowest));
      this.sequences.push({ origin, length, firstRow, endRow: count });
    }
    this.open(0n);
  }

  /** Forgets the rows since `open`. */
  discard(): void {
    this.count = this.firstRow;
    this.dropEntries(this.firstRow);
    this.open(0n);
  }

  get hasOpenRows(): boolean {
    return this.count > this.firstRow;
  }

  /** There is no room for more rows: what follows is lost. */
  get isFull(): boolean {
    return this.count >= maximumRows;
  }

  /** The rows of all closed sequences; offsets are unsigned now. */
  columns(): RowColumns {
    const { count } = this;
    return {
      entryRow: this.entryRow.unsigned,
      entryFile: this.entryFile.unsigned,
      entryLine: this.entryLine.unsigned,
      offset: new Uint32Array(this.offset.buffer, 0, count),
      file: this.file.subarray(0, count),
      line: this.line.subarray(0, count),
    };
  }

  private grow(): boolean {
    if (this.isFull) return false;
    const capacity = Math.min(this.offset.length * 2, maximumRows);
    const enlarge = <T extends Int32Array | Uint32Array>(from: T, to: T) => {
      to.set(from);
      return to;
    };
    this.offset = enlarge(this.offset, new Int32Array(capacity));
    this.file = enlarge(this.file, new Uint32Array(capacity));
    this.line = enlarge(this.line, new Uint32Array(capacity));
    return true;
  }

  /** Some compilers go back inside a sequence. Stable, so that the last row of an address stays the last. */
  private sortRows(from: number, to: number): void {
    this.dropEntries(from);
    const order = Uint32Array.from({ length: to - from }, (_, index) => from + index);
    order.sort((a, b) => this.offset[a] - this.offset[b] || a - b);
    for (const column of [this.offset, this.file, this.line]) {
      column.set(
        Array.from(order, (row) => column[row]),
        from,
      );
    }
    // The row with the highest address ends the sequence, whichever it was.
    this.file[to - 1] = noFile;
  }
}
