/** The translations that a log tells of between its executions. */
import type { LogEventLines } from "./logEventLines";
import type { DisassembledTarget } from "./text/disassembledTarget";
import { DisassemblyReader, mayBeDisassembly, type TranslatedBlock } from "./text/disassembly";

export interface Translation {
  /** Rows of the text before it. */
  readonly row: number;
  readonly block: TranslatedBlock;
}

export class LogTranslations {
  private readonly reader: DisassemblyReader;
  private found: Translation[] = [];
  /** Of the line before. */
  private row = 0;
  private line = new Uint8Array(256);

  constructor(target: DisassembledTarget) {
    this.reader = new DisassemblyReader((block) => this.found.push({ row: this.row, block }), target);
  }

  /**
   * Those of the next text of a log. One that the text ends in is of the text after it.
   * @param rows of the text
   */
  take(lines: LogEventLines | null, rows: number): readonly Translation[] {
    this.found = [];
    this.row = 0;
    for (let index = 0; lines !== null && index < lines.ends.length; index++) {
      const start = index === 0 ? 0 : lines.ends[index - 1];
      if (mayBeDisassembly(lines.bytes, start)) this.takeLine(lines, start, index);
    }
    // An execution behind it ends a block.
    if (rows > this.row) this.reader.finish();
    return this.found;
  }

  private takeLine({ bytes, ends, rows }: LogEventLines, start: number, index: number): void {
    if (rows[index] !== this.row) this.reader.finish();
    this.row = rows[index];
    const length = ends[index] - start;
    // Lines lie one behind the other, and the reader wants an end.
    if (length >= this.line.length) this.line = new Uint8Array(2 * length);
    this.line.set(bytes.subarray(start, ends[index]));
    this.line[length] = 0;
    this.reader.takeLine(this.line, 0, length);
  }
}
