/** Runs assembly/logLines.ts in a parser's memory: keeps its templates, and its table of addresses large enough. */
import code from "../../../assembly/logLines.wasm";
import type { LineTemplate } from "./lineTemplate";
import { templateBytes, writeTemplate } from "./lineTemplate";
import { AddressTable, type AddressTableCode } from "./addressTable";
import type { ImportMemory } from "./importMemory";

interface LogLines extends AddressTableCode {
  placeCache(at: number): void;
  placeTemplates(at: number, bytes: number, count: number): void;
  begin(block: number, time: number, run: number): void;
  readLines(start: number, end: number): number;
  addRow(low: number, high: number, slot: number, key: number, time: number): boolean;
  addKeyRow(key: number): void;
  readonly rows: WebAssembly.Global;
  readonly runs: WebAssembly.Global;
  readonly chained: WebAssembly.Global;
  readonly unchained: WebAssembly.Global;
  readonly unknown: WebAssembly.Global;
}

/** The newest are kept: more than a guest's processors, which each have their own. */
const mostTemplates = 64;

let module: WebAssembly.Module | null = null;

export class LogScanner {
  readonly addresses: AddressTable;
  private readonly lines: LogLines;
  private learned = 0;

  /** @param stamped rows have times */
  constructor(
    private readonly memory: ImportMemory,
    private readonly stamped: boolean,
  ) {
    module ??= new WebAssembly.Module(code);
    const instance = new WebAssembly.Instance(module, { env: { memory: memory.shape.memory } });
    this.lines = instance.exports as unknown as LogLines;
    this.lines.placeCache(memory.lineCacheAt);
    this.addresses = new AddressTable(this.lines, memory);
  }

  get rows(): number {
    return this.lines.rows.value;
  }

  /** Of the lines read since `begin`. */
  get counts(): { readonly chained: number; readonly unchained: number; readonly unknown: number } {
    const { chained, unchained, unknown } = this.lines;
    return { chained: chained.value, unchained: unchained.value, unknown: unknown.value };
  }

  get runs(): number {
    return this.lines.runs.value;
  }

  /** Begins the rows of the text at this place. */
  begin(place: number): void {
    const { block, time, run } = this.memory.columnOffsets(place);
    this.lines.begin(block, this.stamped ? time : 0, run);
  }

  /** Reads lines in memory from `at` on; answers where the first is that it cannot read, or `end`. */
  read(at: number, end: number): number {
    for (;;) {
      at = this.lines.readLines(at, end);
      if (at >= end || !this.addresses.grow()) return at;
    }
  }

  /** Adds a row for a block; false when its address would be one too many. */
  addRow(low: number, high: number, slot: number, key: number, time: number): boolean {
    while (!this.lines.addRow(low, high, slot, key, time)) if (!this.addresses.grow()) return false;
    return true;
  }

  addKeyRow(key: number): void {
    this.lines.addKeyRow(key);
  }

  learn(template: LineTemplate, slot: number, seconds: number): void {
    const { templatesAt, shape } = this.memory;
    const view = new DataView(shape.memory.buffer);
    writeTemplate(view, templatesAt + (this.learned % mostTemplates) * templateBytes, template, slot, seconds);
    this.learned++;
    this.lines.placeTemplates(templatesAt, templateBytes, Math.min(this.learned, mostTemplates));
  }
}
