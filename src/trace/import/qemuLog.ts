/** Imports QEMU's log text: `exec_tb` trace events and `-d exec` lines. */
import type { FileHandle } from "node:fs/promises";
import type { TraceWriter } from "../writer";
import { ExecutionSink } from "./executionSink";
import { lineBlocks } from "./blockReader";
import { lineKind, LogLineParser } from "./logLine";
import { logTrust, type LogFindings } from "./logTrust";
import type { ImportOptions, ImportResult } from "./importTrace";

/** QEMU left the code because of a pending interrupt before the block began (TB_EXIT_REQUESTED). */
const exitRequested = 3;
const exitMask = 3;
/** More vCPUs than QEMU can have: such a line is torn. */
const vcpuLimit = 4096;

/**
 * Reads the whole log.
 * @param stamped whether lines have time stamps; without, executions serve as the clock
 */
export async function importQemuLog(
  file: FileHandle,
  bytes: number,
  stamped: boolean,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const importer = new LogImporter(writer, stamped);
  for await (const block of lineBlocks(file, bytes)) {
    options.signal?.throwIfAborted();
    importer.take(block.bytes, block.start, block.end);
    await writer.drain();
    options.progress?.(block.position + block.end - block.start, bytes);
  }
  return importer.finish();
}

class LogImporter {
  private readonly parser = new LogLineParser();
  private readonly sink: ExecutionSink;
  private readonly findings: LogFindings;

  constructor(
    writer: TraceWriter,
    private readonly stamped: boolean,
  ) {
    this.sink = new ExecutionSink(writer, stamped ? "host" : "events");
    this.findings = { source: "exec_tb", chained: 0, unchained: 0, unknown: 0, links: 0, torn: 0, cut: false };
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const { parser, findings } = this;
    parser.setBytes(bytes);
    findings.cut = false;
    for (let at = start; at < end;) {
      at = parser.parse(at, end);
      switch (parser.kind) {
        case lineKind.trace:
          this.takeTrace();
          break;
        case lineKind.execTb:
          this.takeExecTb();
          break;
        case lineKind.exit:
          if ((parser.exitFlags & exitMask) === exitRequested) this.sink.withdrawKey(parser.tbKey);
          break;
        case lineKind.stopped:
          this.sink.withdraw(parser.pcLow, parser.pcHigh);
          break;
        case lineKind.linking:
          findings.links++;
          break;
        case lineKind.torn:
          if (at === end && bytes[end - 1] !== 0x0a) findings.cut = true;
          else findings.torn++;
          break;
        case lineKind.other:
          break;
      }
    }
  }

  finish(): ImportResult {
    const endTime = this.sink.finish();
    const { executions, vcpus, stepsBack } = this.sink;
    return {
      format: "qemu-log",
      executions,
      vcpus,
      endTime,
      stamped: this.stamped,
      stepsBack,
      dropped: 0,
      trust: logTrust(this.findings),
    };
  }

  private takeTrace(): void {
    const { parser, findings } = this;
    if (findings.source === "exec_tb") {
      // Both kinds are on: `exec_tb` announced this block a line earlier, and would count every block twice from here on.
      findings.source = "trace";
      this.sink.withdraw(parser.pcLow, parser.pcHigh);
    }
    if (parser.vcpu >= vcpuLimit) {
      findings.torn++;
      return;
    }
    if (parser.unchained === null) findings.unknown++;
    else if (parser.unchained) findings.unchained++;
    else findings.chained++;
    this.sink.announce(Math.max(0, parser.vcpu), parser.pcLow, parser.pcHigh, this.time(), 0);
  }

  private takeExecTb(): void {
    const { parser } = this;
    if (this.findings.source === "trace") return;
    const { thread } = parser.stamp;
    const stream = thread < 0 ? 0 : this.sink.streamOfThread(thread);
    this.sink.announce(stream, parser.pcLow, parser.pcHigh, this.time(), parser.tbKey);
  }

  private time(): number {
    return this.stamped ? this.parser.stamp.time : NaN;
  }
}
