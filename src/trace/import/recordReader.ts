/** Runs assembly/executionRecords.ts in an importer's memory: reads executions of a simple trace that follow one another. */
import code from "../../../assembly/executionRecords.wasm";
import { AddressTable, type AddressTableCode } from "./addressTable";
import type { ImportMemory } from "./importMemory";
import { eventHeadBytes } from "./simpletraceRecord";

interface RecordsCode extends AddressTableCode {
  begin(block: number, time: number, most: number): void;
  setEvents(
    typeBytes: number,
    execTb: number,
    execTbExit: number,
    process: number,
    timeLow: number,
    timeHigh: number,
  ): void;
  readRecords(start: number, end: number): number;
  readonly rows: WebAssembly.Global;
  readonly lastKey: WebAssembly.Global;
  readonly lastIsOpen: WebAssembly.Global;
  readonly ascending: WebAssembly.Global;
}

/** What records that are read in a row have in common. They are little-endian. */
export interface RecordLayout {
  /** Bytes of the word before each record. */
  readonly typeBytes: number;
  /** Number of the event of execution; that of an exit is -1 if there is none. */
  readonly execTb: number;
  readonly execTbExit: number;
  readonly process: number;
  /** Halves of the time that is zero. */
  readonly timeLow: number;
  readonly timeHigh: number;
}

/** Bytes of a record without a word before it. */
export const shortestRecordBytes = eventHeadBytes + 16;

/** Bytes of each such record. */
export const recordBytesOf = ({ typeBytes }: RecordLayout): number => typeBytes + shortestRecordBytes;

/** What was found in records that follow one another. Its rows are in the columns `block` and `time` of a place. */
export interface RecordPart {
  readonly rows: number;
  /** Key of the last row's block, or of one after it that did not run. */
  readonly lastKey: number;
  /** An exit may still say that the last row did not run. */
  readonly lastIsOpen: boolean;
  /** No time is before the one before it. */
  readonly ascending: boolean;
  /** Those met for the first time since the reader forgot all. */
  readonly addresses: BigUint64Array;
}

let module: WebAssembly.Module | null = null;

export class RecordReader {
  private readonly code: RecordsCode;
  private readonly addresses: AddressTable;

  constructor(private readonly memory: ImportMemory) {
    module ??= new WebAssembly.Module(code);
    const instance = new WebAssembly.Instance(module, { env: { memory: memory.shape.memory } });
    this.code = instance.exports as unknown as RecordsCode;
    this.addresses = new AddressTable(this.code, memory);
  }

  /** Begins a part, whose rows go into the columns of this place. */
  begin(place: number, { typeBytes, execTb, execTbExit, process, timeLow, timeHigh }: RecordLayout): void {
    const columns = this.memory.columnOffsets(place);
    this.code.begin(columns.block, columns.time, this.memory.rows);
    this.code.setEvents(typeBytes, execTb, execTbExit, process, timeLow, timeHigh);
  }

  /**
   * Reads records of the part.
   * @param start offset in the memory's text of number `text`
   * @returns the offset of the first record that has to be read in another way, or that is not whole before `end`
   */
  read(text: number, start: number, end: number): number {
    const base = this.memory.textAt(text);
    let at = base + start;
    do {
      at = this.code.readRecords(at, base + end);
    } while (this.addresses.grow());
    return at - base;
  }

  /** The part that was read since `begin`. */
  end(): RecordPart {
    const { rows, lastKey, lastIsOpen, ascending } = this.code;
    return {
      rows: rows.value,
      lastKey: lastKey.value,
      lastIsOpen: lastIsOpen.value !== 0,
      ascending: ascending.value !== 0,
      addresses: this.addresses.takeNew(),
    };
  }

  /** Addresses are numbered anew from now on. */
  forget(): void {
    this.addresses.clear();
  }
}
