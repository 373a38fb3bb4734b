/** Runs assembly/executionRecords.ts in an importer's memory: reads executions of a simple trace that follow one another. */
import code from "../../../assembly/executionRecords.wasm";
import { AddressTable, type AddressTableCode } from "./addressTable";
import type { ImportMemory } from "./importMemory";
import { eventHeadBytes } from "./simpletraceRecord";

interface RecordsCode extends AddressTableCode {
  begin(block: number, time: number, most: number): void;
  setEvents(typeBytes: number, execTb: number, execTbExit: number): void;
  readRecords(start: number, end: number, process: number, timeLow: number, timeHigh: number): number;
  readonly rows: WebAssembly.Global;
  readonly lastKey: WebAssembly.Global;
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

/** Bytes of each such record. */
export const recordBytesOf = ({ typeBytes }: RecordLayout): number => typeBytes + eventHeadBytes + 16;

/** Records in the reader's memory. */
export interface RecordText {
  /** Which of the memory's places they lie in. */
  readonly place: number;
  /** Offsets in that place. */
  readonly start: number;
  readonly end: number;
  readonly layout: RecordLayout;
  /** When it changes, addresses are numbered anew. */
  readonly generation: number;
}

/** Its rows are in the columns `block` and `time` of the text's place. */
export interface RecordPart {
  readonly rows: number;
  /** Offset of the first record that has to be read in another way, or that is not whole. */
  readonly stop: number;
  /** Key of the last row's block. */
  readonly lastKey: number;
  /** No time is before the one before it. */
  readonly ascending: boolean;
  /** Those met for the first time in this generation. */
  readonly addresses: BigUint64Array;
}

let module: WebAssembly.Module | null = null;

export class RecordReader {
  private readonly code: RecordsCode;
  private readonly addresses: AddressTable;
  private generation = 0;

  constructor(private readonly memory: ImportMemory) {
    module ??= new WebAssembly.Module(code);
    const instance = new WebAssembly.Instance(module, { env: { memory: memory.shape.memory } });
    this.code = instance.exports as unknown as RecordsCode;
    this.addresses = new AddressTable(this.code, memory);
  }

  parse({ place, start, end, layout, generation }: RecordText): RecordPart {
    const { code, memory, addresses } = this;
    if (generation !== this.generation) addresses.clear();
    this.generation = generation;
    const columns = memory.columnOffsets(place);
    const base = memory.textAt(place);
    const { typeBytes, execTb, execTbExit, process, timeLow, timeHigh } = layout;
    code.begin(columns.block, columns.time, memory.rows);
    code.setEvents(typeBytes, execTb, execTbExit);
    let at = base + start;
    do {
      at = code.readRecords(at, base + end, process, timeLow, timeHigh);
    } while (addresses.grow());
    return {
      rows: code.rows.value,
      stop: at - base,
      lastKey: code.lastKey.value,
      ascending: code.ascending.value !== 0,
      addresses: addresses.takeNew(),
    };
  }
}
