/**
 * Imports coverage in the format of DynamoRIO's drcov, version 2, as QEMU's contrib plugin drcov writes it (7.0 to 11.1): a head of
 * text, then per block eight bytes: u32 start, u16 size, u16 module.
 *
 *   DRCOV VERSION: 2
 *   DRCOV FLAVOR: drcov-64
 *   Module Table: version 2, count 1
 *   Columns: id, base, end, entry, path
 *   0, 0x4000001000, 0x4000001189, 0x4002820b70, ./hello
 *   BB Table: 2466 bbs
 *
 * A whole system has one module at 0. DynamoRIO's starts count from the module's base. QEMU's are the lower half of addresses; there is one module then.
 */
import type { TraceWriter } from "../../writer";
import { BlockReader } from "../blockReader";
import type { TraceInput } from "../input/traceInput";
import { coverageTrust } from "../text/coverageTrust";
import type { ImportOptions, ImportResult, TraceFormat } from "../traceFormat";

const blockBytes = 8;
const table = /\nBB Table: (\d{1,9}) bbs\r?\n/;
const qemuColumns = /\nModule Table: version 2, count 1\r?\nColumns: id, base, end, entry, path\r?\n/;
const moduleRow = /^ *(\d{1,5})(?:, *\d{1,5})?, *0x([0-9a-f]{1,16}), *0x[0-9a-f]{1,16}, /gm;

interface Head {
  readonly bytes: number;
  readonly blocks: number;
  /** What is added to a block's start, by module. */
  readonly bases: ReadonlyMap<number, bigint>;
  readonly ofQemu: boolean;
  /** Of a whole system, QEMU knows no file: it writes one that begins at 0. */
  readonly ofSystem: boolean;
}

export const drcovFormat: TraceFormat = {
  name: "drcov",
  recognize: ({ text }) => {
    if (!text.startsWith("DRCOV VERSION: 2")) return null;
    const head = parseHead(text);
    return head && ((input, writer, options) => importDrcov(input, head, writer, options));
  },
};

/** Null while the text does not reach to the table of blocks. */
function parseHead(text: string): Head | null {
  const found = table.exec(text);
  if (found === null) return null;
  const modules = text.slice(0, found.index);
  const ofQemu = qemuColumns.test(modules);
  const bases = new Map<number, bigint>();
  let ofSystem = ofQemu;
  for (const [, id, base] of modules.matchAll(moduleRow)) {
    const address = BigInt(`0x${base}`);
    if (address !== 0n) ofSystem = false;
    bases.set(Number(id), ofQemu ? (address >> 32n) << 32n : address);
  }
  return { bytes: found.index + found[0].length, blocks: Number(found[1]), bases, ofQemu, ofSystem };
}

async function importDrcov(
  input: TraceInput,
  head: Head,
  writer: TraceWriter,
  options: ImportOptions,
): Promise<ImportResult> {
  const reader = new BlockReader(input);
  const stream = writer.stream(0);
  let executions = 0;
  try {
    let block = await reader.next(0);
    for (let skipped = head.bytes; block !== null;) {
      options.signal?.throwIfAborted();
      const view = new DataView(block.bytes.buffer, block.bytes.byteOffset, block.bytes.byteLength);
      let at = Math.min(block.start + skipped, block.end);
      skipped -= at - block.start;
      for (; at + blockBytes <= block.end && executions < head.blocks; at += blockBytes) {
        const base = head.bases.get(view.getUint16(at + 6, true)) ?? 0n;
        const address = BigInt.asUintN(64, base + BigInt(view.getUint32(at, true)));
        const number = writer.addBlock({ address, size: view.getUint16(at + 4, true) });
        stream.execute(number, 0, executions++);
      }
      await writer.drain();
      options.progress?.(input.bytesDone, input.bytesTotal);
      block = await reader.next(at);
    }
  } finally {
    await reader.close();
  }
  const missing = head.blocks - executions;
  const more = [
    ...(head.ofQemu ? [halfReason] : []),
    ...(missing > 0 ? [`${missing} of ${head.blocks} blocks are missing: the file was cut off.`] : []),
  ];
  return {
    format: drcovFormat.name,
    executions,
    events: 0,
    eventOrigin: 0n,
    vcpus: 1,
    endTime: executions,
    stamped: false,
    stepsBack: 0,
    dropped: 0,
    ...(!head.ofSystem && { systemEmulation: false }),
    trust: coverageTrust("drcov", false, more),
  };
}

const halfReason =
  "QEMU's plugin keeps the lower 32 bits of an address: the upper ones are taken to be those of the program, and zero for a whole system, so that kernels of 64 bits have no names.";
