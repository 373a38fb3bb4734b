import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { minimumHeaderBytes } from "../../../src/trace/fileHeader";
import { importTrace } from "../../../src/trace/import/importTrace";
import type { ImportOptions } from "../../../src/trace/import/traceFormat";
import { temporaryFile } from "../../support/buildTrace";
import { buildBundles, type Bundles } from "../../support/bundles";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
}, 60_000);
afterAll(() => bundles.remove());

const pc = fc.constantFrom("fff0", "7c00", "ffffffff81000000", "ffffffff81000020", "a");
const stamp = fc.constantFrom(
  "",
  "7@1700000001.000002:",
  "8@1700000003.999999:",
  "9@1700000002.000001:",
  "2026-11-20T12:34:56.123456Z ",
  "2026-11-21T00:00:01.000000Z ",
);
const tb = fc.constantFrom("0x7f3524000040", "0x7f3524000080");
const vcpu = fc.constantFrom(0, 1, 7, 12, 5000);
const cflags = fc.constantFrom("ff000200", "ff000000");
const traceOf = (vcpu: number, pc: string, cflags: string): string =>
  `Trace ${vcpu}: 0x7f3524000100 [0000000000000000/${pc.padStart(16, "0")}/0040c2b0/${cflags}] name\n`;
const traceLines = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(vcpu, pc, cflags).map((fields) => traceOf(...fields)) },
  fc.tuple(stamp, vcpu, pc, cflags).map(([at, ...fields]) => at + traceOf(...fields)),
  fc.tuple(pc, pc).map(([a, b]) => `Trace 0: 0x1 [0/${a}/1] \nStopped execution of TB chain before 0x1 [${b}] name\n`),
  fc.constantFrom(
    "Linking TBs 0x1 index 0 -> 0x2\n",
    "Trace 0: 0x7f35 [00",
    "Linux version 6.1\n",
    "\n",
    "x".repeat(300),
  ),
);
const eventLines = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(stamp, tb, pc).map(([at, tb, pc]) => `${at}exec_tb tb:${tb} pc=0x${pc}\n`) },
  fc.tuple(stamp, tb, fc.nat(4)).map(([at, tb, flags]) => `${at}exec_tb_exit tb:${tb} flags=0x${flags}\n`),
);
const first = fc.constantFrom(
  "7@1700000002.000000:exec_tb tb:0x7f3524000040 pc=0xfff0\n",
  traceOf(0, "fff0", "ff000200"),
);
const logs = fc
  .tuple(
    first,
    fc.array(eventLines, { maxLength: 60 }),
    fc.array(fc.oneof(traceLines, eventLines), { maxLength: 60 }),
    fc.constantFrom("", "Trace 0: 0x7f"),
  )
  .map(([first, events, mixed, tail]) => [first, ...events, ...mixed, tail].join(""));

/** What an import answers, and the bytes behind the header of its file, which differs in identity and time only. */
async function imported(log: string, options: ImportOptions): Promise<{ result: unknown; content: string }> {
  const output = await temporaryFile();
  const result = await importTrace(log, output, options);
  return { result, content: readFileSync(output).subarray(minimumHeaderBytes).toString("hex") };
}

describe("a log parsed on threads", () => {
  it("becomes the same trace as on one, wherever it is cut into blocks", async () => {
    const log = `${await temporaryFile()}.log`;
    await fc.assert(
      fc.asyncProperty(logs, fc.integer({ min: 1, max: 400 }), async (text, blockBytes) => {
        writeFileSync(log, text, "latin1");
        const whole = await imported(log, {});
        expect(await imported(log, { blockBytes })).toEqual(whole);
        expect(await imported(log, { blockBytes, importWorker: bundles.importWorker })).toEqual(whole);
      }),
      { numRuns: 12 },
    );
  });

  it("stops when it is cancelled, and leaves nothing", async () => {
    const output = await temporaryFile();
    const log = `${output}.log`;
    writeFileSync(log, traceOf(0, "a", "ff000200").repeat(5000));
    const controller = new AbortController();
    const options = {
      signal: controller.signal,
      progress: () => controller.abort(),
      blockBytes: 10_000,
      importWorker: bundles.importWorker,
    };
    await expect(importTrace(log, output, options)).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(path.dirname(output))).toEqual([path.basename(log)]);
  });

  it("fails, and does not hang, when a thread dies", async () => {
    const output = await temporaryFile();
    const log = `${output}.log`;
    writeFileSync(log, traceOf(0, "a", "ff000200").repeat(5000));
    const options = { blockBytes: 10_000, importWorker: `${output}.missing.js` };
    await expect(importTrace(log, output, options)).rejects.toMatchObject({ code: "internal" });
    expect(existsSync(output)).toBe(false);
  });
});

const ids = { execTb: 7, exit: 8, other: 9 };
const host = fc.constantFrom(0x7f3524000040n, 0x7f3524000080n);
const address = fc.constantFrom(0xfff0n, 0x7c00n, 0xffffffff81000000n, 0xffffffff81000020n);
type Step = (trace: SimpletraceBuilder, time: bigint) => void;
/** Executions in a row, which threads read, and whatever may stand between them, which they leave to the scan. */
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.array(address, { minLength: 1, maxLength: 60 }), host, fc.constantFrom(42, 42, 43))
      .map(([addresses, tb, pid]) => (trace: SimpletraceBuilder, time: bigint): void => {
        for (const each of addresses) trace.event(BigInt(ids.execTb), time++, pid, tb, each);
      }),
  },
  fc.tuple(host, fc.bigInt(0n, 4n)).map(([tb, flags]) => (trace: SimpletraceBuilder, time: bigint): void => {
    trace.event(BigInt(ids.exit), time, 42, tb, flags);
  }),
  fc
    .array(fc.bigInt(0n, 2n ** 64n - 1n), { maxLength: 3 })
    .map((words) => (trace: SimpletraceBuilder, time: bigint): void => {
      trace.event(BigInt(ids.other), time, 42, ...words);
    }),
  fc.constantFrom("exec_tb", "exec_tb_nocache").map((name) => (trace: SimpletraceBuilder): void => {
    trace.mapping(ids.execTb, name);
  }),
);

describe("a simple trace read on threads", () => {
  it("becomes the same trace as on one, wherever it is cut into blocks", async () => {
    const file = `${await temporaryFile()}.trace`;
    const traces = fc.tuple(fc.array(steps, { minLength: 1, maxLength: 40 }), fc.nat(40));
    await fc.assert(
      fc.asyncProperty(traces, fc.integer({ min: 64, max: 600 }), async ([some, cut], blockBytes) => {
        const write = (littleEndian: boolean): void => {
          const trace = new SimpletraceBuilder(littleEndian);
          trace.mapping(ids.execTb, "exec_tb").mapping(ids.exit, "exec_tb_exit").mapping(ids.other, "other");
          trace.event(BigInt(ids.execTb), 999_999n, 42, 0x7f3524000040n, 0xfff0n);
          some.forEach((step, index) => step(trace, BigInt(1_000_000 + 40 * index)));
          const bytes = trace.bytes();
          writeFileSync(file, bytes.subarray(0, bytes.length - cut));
        };
        // Big-endian records are read one by one, in TypeScript.
        write(false);
        const oneByOne = await imported(file, {});
        write(true);
        const whole = await imported(file, {});
        expect(whole).toEqual(oneByOne);
        expect(await imported(file, { blockBytes })).toEqual(whole);
        const onThreads = { blockBytes, importWorker: bundles.importWorker, waitForThreads: true };
        expect(await imported(file, onThreads)).toEqual(whole);
      }),
      { numRuns: 12 },
    );
  });
});
