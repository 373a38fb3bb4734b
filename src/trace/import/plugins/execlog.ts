/**
 * Imports the output of QEMU's contrib plugin execlog (6.1 to 11.1): a line per executed instruction,
 *
 *   0, 0xffffffff81000000, 0x25048b65, "movq %gs:0x28, %rax", load, 0x00fff028, RAM
 *
 * with vCPU, address, the first four bytes as a number, and what the instruction did to memory (and, from 9.0 on, to registers).
 * The length of the instruction is not told.
 */
import type { TraceWriter } from "../../writer";
import { AddressIndex } from "../addressIndex";
import type { ImportResult, TraceFormat } from "../traceFormat";
import { cutLog } from "../trustSentences";
import { FieldReader } from "../text/fields";
import { importLines, type LineReader } from "../text/textLines";

const firstLine = /^\d{1,4}, 0x[0-9a-f]{1,16}, 0x[0-9a-f]{1,8}, "/m;
/** More vCPUs than any guest has. */
const vcpuLimit = 4096;

export const execlogFormat: TraceFormat = {
  name: "execlog",
  recognize: ({ text }) => (firstLine.test(text) ? importLines((writer) => new Instructions(writer)) : null),
};

class Instructions implements LineReader {
  private readonly fields = new FieldReader();
  private readonly index: AddressIndex;
  private executions = 0;
  private readonly vcpus = new Set<number>();

  constructor(private readonly writer: TraceWriter) {
    this.index = new AddressIndex((low, high) => {
      writer.addBlock({ address: (BigInt(high) << 32n) | BigInt(low), instructions: 1 });
    });
  }

  takeLine(bytes: Uint8Array, start: number): void {
    const { fields } = this;
    fields.set(bytes, start);
    const vcpu = fields.decimal();
    if (fields.at === start || vcpu >= vcpuLimit || !fields.text(", 0x") || !fields.hex()) return;
    const { low, high } = fields;
    if (!fields.text(", 0x") || !fields.hex() || !fields.text(', "')) return;
    this.vcpus.add(vcpu);
    this.writer.stream(vcpu).execute(this.index.numberOf(low, high), 1, this.executions++);
  }

  finish(): void {
    // Each line is whole by itself.
  }

  result(cut: boolean): ImportResult {
    const reasons = cut ? [cutLog] : [];
    return {
      format: execlogFormat.name,
      executions: this.executions,
      events: 0,
      eventOrigin: 0n,
      vcpus: this.vcpus.size,
      endTime: this.executions,
      stamped: false,
      instructionsCounted: true,
      stepsBack: 0,
      dropped: 0,
      trust: { mode: "complete", reasons: [filterReason, ...reasons] },
    };
  }
}

const filterReason =
  "Each instruction is a block of its own. If the plugin was given ifilter or afilter, only what passed them is here.";
