import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { importTrace, unpackOrImport } from "../../../src/trace/import/importTrace";
import type { ImportOptions } from "../../../src/trace/import/traceFormat";
import { openTraceFile } from "../../../src/trace/reader";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";
import { fixtureFiles, type FuzzTarget } from "./fuzzTarget";
import { readEverything } from "./recording";

/** Imports a file; what comes of it must be a whole trace with as many executions as the importer says. */
async function importAndRead(file: string, folder: string, options: ImportOptions): Promise<void> {
  const output = path.join(folder, "imported.bst");
  const result = await unpackOrImport(file, output, options);
  const trace = await openTraceFile(output);
  readEverything(trace);
  if (result === null) return;
  const { truncated, skippedBytes, lostExecutions } = trace.damage;
  const executions = trace.chunks.reduce((sum, chunk) => sum + chunk.executions, 0);
  const events = trace.events.reduce((sum, { records }) => sum + records, 0);
  if (truncated || skippedBytes > 0 || lostExecutions > 0) throw new Error("The imported trace is damaged.");
  if (executions !== result.executions) throw new Error(`${executions} executions, said ${result.executions}.`);
  if (events !== result.events) throw new Error(`${events} events, said ${result.events}.`);
}

/** Few bytes at a time, so that records and lines lie across the borders of what is read. */
const blockBytes = 4096;

const execLog = [
  "Trace 0: 0x7f3524000100 [0000000000000000/00000000fffffff0/0040c2b0/ff000200] ",
  "Stopped execution of TB chain before 0x7f3524000240 [00000000000fe05b] ",
  "cpu_io_recompile: rewound execution of TB to 00000000000fe05b",
  "2024-01-01T10:00:00.123456Z exec_tb tb:0x7f3524000100 pc=0xfffffff0",
  "exec_tb tb:0x7f3524000240 pc=0xfe05b",
  "1234@1700000000.123456:exec_tb tb:0x7f3524000240 pc=0xffffffff81000000",
  "Trace 1: 0x7f3524000100 [0000000000000000/ffffffff81000000/0040c2b0/ff000200] start_kernel",
  "exec_tb_exit tb:0x7f3524000240 flags=0x3",
  "qemu-system-x86_64: warning: TCG doesn't support requested feature",
  "EAX=00000000 EBX=00000000 ECX=00000000 EDX=00060fb1",
  "CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000",
  "     1: v=08 e=0000 i=0 cpl=0 IP=0008:00000000000fd04b pc=00000000000fd04b SP=0010:0000000000000fc4 EAX=0000000000000000",
];

export const logTarget: FuzzTarget = {
  name: "log",
  seeds: (fixtures) => [
    Buffer.from(`${execLog.join("\n")}\n`.repeat(20), "latin1"),
    ...execLog.map((line) => Buffer.from(`${line}\n`.repeat(30), "latin1")),
    gunzipSync(readFileSync(path.join(fixtures, "events-devices.log.gz"))).subarray(0, 16_000),
  ],
  run: (file, folder) => importAndRead(file, folder, { blockBytes }),
};

/** trace-events of the simple traces without names in them. */
const eventNames = "events-devices.trace-events";

export const simpletraceTarget: FuzzTarget = {
  name: "simpletrace",
  seeds: (fixtures) => [
    readFileSync(path.join(fixtures, "simpletrace-v4-vector.trace")),
    gunzipSync(readFileSync(path.join(fixtures, "simpletrace-v4-block-io.trace.gz"))).subarray(0, 16_000),
    ...[true, false].flatMap((littleEndian) => {
      const vector = new SimpletraceBuilder(littleEndian).mapping(0, "exec_tb").mapping(1, "exec_tb_exit");
      const events = Array.from({ length: 20 }, (_, index) =>
        vector.event(BigInt(index % 2), BigInt(1000 * index), 7, 0x7f00n, BigInt(index)).bytes(),
      );
      const version4 = events[events.length - 1];
      // Other versions have the same header and, but for the first words, the same records.
      const older = [0, 2, 3].map((version) => {
        const bytes = Buffer.from(version4);
        bytes[littleEndian ? 16 : 23] = version;
        return bytes;
      });
      return [version4, version4.subarray(24 + 27 + 32), ...older];
    }),
  ],
  run: (file, folder) =>
    importAndRead(file, folder, { blockBytes, traceEvents: path.resolve("test/fixtures", eventNames) }),
};

export const compressedTarget: FuzzTarget = {
  name: "compressed",
  seeds: (fixtures) => {
    const log = Buffer.from(`${execLog.join("\n")}\n`.repeat(20), "latin1");
    const recording = readFileSync(path.join(fixtures, "early-boot.bst"));
    return [gzipSync(log), gzipSync(recording), ...fixtureFiles(path.join(fixtures, "compressed"), /./)];
  },
  run: (file, folder) => importAndRead(file, folder, {}),
};

export const formatsTarget: FuzzTarget = {
  name: "formats",
  seeds: (fixtures) => [
    ...fixtureFiles(path.join(fixtures, "text"), /./),
    ...fixtureFiles(path.join(fixtures, "plugins"), /\.(?:log|drcov)$/),
    ...fixtureFiles(path.join(fixtures, "plugins/uftrace.data"), /^info$/),
    Buffer.from("T:1:4096 :2:77   :3:1000  \nT:2:128 \n".repeat(20), "latin1"),
  ],
  // A list of counts may tell of more executions than can be written down in the time there is: a user would cancel that.
  run: async (file, folder) => {
    const output = path.join(folder, "imported.bst");
    await importTrace(file, output, { blockBytes, stop: AbortSignal.timeout(importMs) });
    readEverything(await openTraceFile(output));
  },
};

const importMs = 500;
