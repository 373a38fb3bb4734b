/**
 * Imports the table of QEMU's contrib plugin hotblocks (4.2 to 11.1): executions per block, the twenty hottest unless told otherwise.
 *
 *   pc, tcount, icount, ecount
 *   0xffffffff8f24e57e, 1, 1, 5566464          address, translations, instructions, executions
 */
import { setImmediate } from "node:timers/promises";
import { BootscopeError } from "../../../protocol/failure";
import { formatExact } from "../../../protocol/format";
import { maximumCount } from "../../limits";
import type { TraceWriter } from "../../writer";
import type { TraceInput } from "../input/traceInput";
import type { ImportOptions, ImportResult, TraceFormat } from "../traceFormat";
import { recordAgain } from "../trustSentences";

const head = "pc, tcount, icount, ecount";
/** The plugin's counts have 64 bits. */
const row = /^0x([0-9a-f]{1,16}), (\d{1,20}), (\d{1,5}), (\d{1,20})\r?$/;
/** Their chunks take a second to write. The hottest blocks of a boot have a thousandth of it. */
const mostExecutions = 2 ** 36;
const stepExecutions = 2 ** 28;
const mostTextBytes = 16 * 1024 * 1024;

export const hotblocksFormat: TraceFormat = {
  name: "hotblocks",
  recognize: ({ text }) => (new RegExp(`^${head}\r?\n0x`, "m").test(text) ? importTable : null),
};

interface Row {
  readonly address: bigint;
  readonly instructions: number;
  readonly executions: number;
}

async function importTable(input: TraceInput, writer: TraceWriter, options: ImportOptions): Promise<ImportResult> {
  const rows = await readRows(input);
  const total = rows.reduce((sum, { executions }) => sum + executions, 0);
  const instructions = rows.reduce((sum, row) => sum + row.executions * row.instructions, 0);
  if (total > mostExecutions || instructions > maximumCount) throw tooMany(input.path);
  const stream = writer.stream(0);
  let time = 0;
  for (const { address, instructions, executions } of rows) {
    const block = writer.addBlock({ address, instructions });
    for (let done = 0; done < executions;) {
      options.signal?.throwIfAborted();
      if (options.stop?.aborted === true) break;
      const count = Math.min(executions - done, stepExecutions);
      stream.executeTimes(block, instructions, count, time);
      done += count;
      time += count;
      await writer.drain();
      options.progress?.(time, total);
      await setImmediate(); // a cancel comes as a message
    }
  }
  return {
    format: hotblocksFormat.name,
    executions: time,
    events: 0,
    eventOrigin: 0n,
    vcpus: 1,
    endTime: time,
    stamped: false,
    instructionsCounted: true,
    stepsBack: 0,
    dropped: 0,
    trust: { mode: "incomplete", reasons: time < total ? [...reasons, stoppedReason] : reasons },
  };
}

const tooMany = (path: string): BootscopeError =>
  new BootscopeError(
    "unsupported",
    `${path} tells of more executions than Bootscope can write down, which are ${formatExact(mostExecutions)}.`,
    "Record a shorter stretch, or with Trace Boot.",
  );

const reasons = [
  "The plugin hotblocks prints the hottest blocks only, each with its count, for all vCPUs together: all other code is missing.",
  "QEMU before 10.0 adds another block's count to it where address and length happen to give the same key.",
  "It does not say when they ran: they are listed one after the other.",
  recordAgain,
];

const stoppedReason =
  "The import was stopped: of the last block some executions are missing, and all of those after it.";

async function readRows(input: TraceInput): Promise<Row[]> {
  const bytes = new Uint8Array(mostTextBytes);
  let length = 0;
  for (let more = 1; more > 0 && length < bytes.length; length += more) more = await input.read(bytes.subarray(length));
  const lines = Buffer.from(bytes.buffer, 0, length).toString("latin1").split("\n");
  const rows: Row[] = [];
  let inTable = false;
  for (const line of lines) {
    const match = inTable ? row.exec(line) : null;
    if (match !== null) {
      const [, address, , instructions, executions] = match;
      rows.push({
        address: BigInt(`0x${address}`),
        instructions: Number(instructions),
        executions: Number(executions),
      });
    } else inTable = line.trimEnd() === head;
  }
  return rows;
}
