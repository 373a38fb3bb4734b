/** Runs assembly/recordLines.ts: prints records of a simple trace as QEMU's simpletrace.py does, without decoding them first. */
import code from "../../../assembly/recordLines.wasm";
import { ArgumentKind, type EventDescriptor } from "../events/eventDescriptor";
import type { TextLines } from "../events/eventReading";
import { bufferBytes, usualBlockBytes } from "./blockReader";
import { eventHeadBytes, typeWordBytes, type SimpletraceHeader } from "./simpletraceRecord";

interface LinesCode {
  setPatterns(at: number, count: number, typeBytes: number): void;
  patternOf(at: number, end: number): number;
  print(start: number, end: number, output: number, room: number): number;
  readonly before: { value: bigint };
  readonly written: WebAssembly.Global;
}

const pageBytes = 65536;
/** More than any QEMU has; events with greater numbers are printed in another way. */
const mostEvents = 8192;
const tableAt = pageBytes;
const patternsAt = tableAt + mostEvents * 4;
const patternBytes = 4 * 1024 * 1024;
const outputAt = patternsAt + patternBytes;
const outputBytes = 1024 * 1024;
/** Besides names: time, process, and per argument its digits. They are written eight bytes at a time. */
const longestNumbers = 64;
const longestDigits = 16;
const longestPrefix = 127;

export class RecordLines {
  /** For the reader of the file: records are read where they are. */
  readonly buffers: Uint8Array[];
  private readonly memory: WebAssembly.Memory;
  private readonly code: LinesCode;
  private patternsEnd = patternsAt;
  private typeBytes = 0;
  private isOn = false;

  /** @param lines takes the text */
  constructor(
    private readonly lines: TextLines,
    blockBytes = usualBlockBytes,
  ) {
    const buffersAt = outputAt + outputBytes;
    const pages = Math.ceil((buffersAt + 2 * bufferBytes(blockBytes)) / pageBytes);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory: this.memory } });
    this.code = instance.exports as unknown as LinesCode;
    const length = bufferBytes(blockBytes);
    this.buffers = [0, 1].map((index) => new Uint8Array(this.memory.buffer, buffersAt + index * length, length));
  }

  /** Forgets all events: what follows is a trace with this header. */
  begin({ version, littleEndian }: SimpletraceHeader): void {
    this.isOn = littleEndian && version >= 3;
    this.typeBytes = version < 4 ? 0 : typeWordBytes;
    this.table.fill(0);
    this.patternsEnd = patternsAt;
    this.code.setPatterns(tableAt, mostEvents, this.typeBytes);
  }

  /** Records of the event are printed here from now on, if they can be. */
  define(id: number, { name, arguments: given }: EventDescriptor): void {
    const start = Buffer.from(`${name} `);
    const prefixes = given.map((argument) => Buffer.from(` ${argument.name}=0x`));
    const isPlain = given.every(({ kind }) => kind !== ArgumentKind.Text && kind !== ArgumentKind.Bytes);
    const bytes = start.length + prefixes.reduce((sum, { length }) => sum + 1 + length, 0);
    const at = Math.ceil(this.patternsEnd / 8) * 8;
    const end = at + 16 + bytes + 8;
    if (
      !this.isOn ||
      !isPlain ||
      id >= mostEvents ||
      end > outputAt ||
      prefixes.some(({ length }) => length > longestPrefix)
    )
      return;
    const view = new DataView(this.memory.buffer, at, end - at);
    view.setUint32(0, eventHeadBytes + 8 * given.length, true);
    view.setUint32(4, bytes + longestNumbers + given.length * longestDigits, true);
    view.setUint32(8, start.length, true);
    view.setUint32(12, given.length, true);
    const texts = [start, ...prefixes.flatMap((prefix) => [Uint8Array.of(prefix.length), prefix])];
    new Uint8Array(this.memory.buffer, at + 16, bytes).set(Buffer.concat(texts));
    this.table[id] = at;
    this.patternsEnd = end;
  }

  /** The event means something else from now on. */
  forget(id: number): void {
    if (id < mostEvents) this.table[id] = 0;
  }

  /** Whether `print` can print the record at `at`. */
  takes(bytes: Uint8Array, at: number, end: number): boolean {
    return this.code.patternOf(bytes.byteOffset + at, bytes.byteOffset + end) !== 0;
  }

  /**
   * Prints records of one of `buffers`, from `at` on.
   * @returns where the first is that has to be printed in another way, or that is not whole before `end`
   */
  print({ buffer, byteOffset }: Uint8Array, at: number, end: number): number {
    const { code, lines, memory } = this;
    code.before.value =
      lines.before ?? new DataView(buffer, byteOffset + at + this.typeBytes + 8).getBigUint64(0, true);
    for (;;) {
      const next = code.print(byteOffset + at, byteOffset + end, outputAt, outputBytes) - byteOffset;
      if (next === at) break;
      lines.text(Buffer.from(new Uint8Array(memory.buffer, outputAt, code.written.value - outputAt)));
      at = next;
    }
    lines.before = BigInt.asUintN(64, code.before.value);
    return at;
  }

  private get table(): Uint32Array {
    return new Uint32Array(this.memory.buffer, tableAt, mostEvents);
  }
}
