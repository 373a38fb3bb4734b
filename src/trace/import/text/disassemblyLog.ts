/** Imports `-d in_asm`: the blocks that QEMU translates, with their bytes (disassembly.ts). */
import type { EventCatalog } from "../../events/traceEventsFiles";
import { crc32 } from "../../crc";
import type { TraceWriter } from "../../writer";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { coverageTrust } from "./coverageTrust";
import { DisassembledTarget } from "./disassembledTarget";
import { DisassemblyReader, firstDisassembly, type TranslatedBlock } from "./disassembly";
import { LineEvents, noClock } from "./lineEvents";
import { importEventLines, type LineReader } from "./textLines";

export const disassemblyLogFormat: TraceFormat = {
  name: "qemu-in_asm-log",
  recognize: ({ text }) =>
    firstDisassembly.test(text)
      ? importEventLines((writer, catalog) => new TranslatedBlocks(writer, catalog, DisassembledTarget.of(text)))
      : null,
};

class TranslatedBlocks implements LineReader {
  private readonly disassembly: DisassemblyReader;
  private readonly numbers = new Map<string, number>();
  private readonly events: LineEvents;
  private executions = 0;
  private instructionsTold = true;

  constructor(
    private readonly writer: TraceWriter,
    catalog: EventCatalog,
    private readonly target: DisassembledTarget,
  ) {
    this.disassembly = new DisassemblyReader((block) => this.execute(block), target);
    this.events = new LineEvents(writer, catalog, noClock);
  }

  takeLine(bytes: Uint8Array, start: number, end: number): void {
    if (this.disassembly.takeLine(bytes, start, end)) return;
    this.events.takeLine(bytes, start, end, this.executions);
  }

  finish(cut: boolean): void {
    // Of a block that is cut off, nobody knows how much is missing.
    if (!cut) this.disassembly.finish();
    this.events.sink.finish();
  }

  result(cut: boolean): ImportResult {
    const { empty } = this.disassembly;
    const more = empty > 0 ? [`${empty} blocks have no disassembly: where they are is not known.`] : [];
    const { total, end } = this.events.sink.kept(NaN);
    return {
      format: disassemblyLogFormat.name,
      executions: this.executions,
      events: total,
      eventOrigin: 0n,
      vcpus: this.executions > 0 ? 1 : 0,
      endTime: Math.max(this.executions, end),
      stamped: false,
      instructionsCounted: this.instructionsTold,
      target: this.target.name,
      stepsBack: 0,
      dropped: 0,
      trust: coverageTrust("A log of -d in_asm", cut, more),
    };
  }

  private execute(block: TranslatedBlock): void {
    if (block.lengths === null) this.instructionsTold = false;
    this.writer.stream(0).execute(this.numberOf(block), block.lengths?.length ?? 0, this.executions);
    this.executions++;
  }

  /** Code may change: a block is its address and its bytes. */
  private numberOf({ address, bytes, ordered, lengths }: TranslatedBlock): number {
    const content = crc32(bytes);
    const key = `${address} ${bytes.length} ${content}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.writer.addBlock({
        address,
        size: bytes.length,
        ...(lengths !== null && { instructionLengths: lengths }),
        ...(ordered && { crc: content }),
      });
      this.numbers.set(key, number);
    }
    return number;
  }
}
