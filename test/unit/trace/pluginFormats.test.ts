/** Importers of what QEMU's contrib plugins write. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { BlockPlaces, regions, tracedMachine } from "../../../src/analysis/regions";
import { importTrace } from "../../../src/trace/import/importTrace";
import type { ImportResult } from "../../../src/trace/import/traceFormat";
import { openTraceFile } from "../../../src/trace/reader";
import type { TraceFile } from "../../../src/trace/types";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";

const fixtures = path.join(import.meta.dirname, "../../fixtures/plugins");
const fixture = (name: string): Buffer => readFileSync(path.join(fixtures, name));
/** The table with a ten-thousandth of its counts. */
const smallTable = fixture("hotblocks.log")
  .toString("latin1")
  .replaceAll(/, (\d+)\n/g, (_, count: string) => `, ${Math.ceil(Number(count) / 10_000)}\n`);

const head = "pc, tcount, icount, ecount\n";

interface Imported {
  readonly result: ImportResult;
  readonly trace: TraceFile;
  /** Addresses in order, in hexadecimal, of all vCPUs. */
  readonly executed: string[];
  readonly output: string;
}

async function importPath(input: string, output: string): Promise<Imported> {
  const result = await importTrace(input, output);
  const trace = await openTraceFile(output);
  const executed = decodeTrace(trace).flatMap(({ blocks }) =>
    [...blocks].map((block) => trace.blocks.address[block].toString(16)),
  );
  return { result, trace, executed, output };
}

async function importBytes(bytes: Uint8Array | string): Promise<Imported> {
  const output = await temporaryFile();
  writeFileSync(`${output}.in`, bytes);
  return importPath(`${output}.in`, output);
}

describe("execlog", () => {
  it("is one block per instruction", async () => {
    const { result, trace, executed } = await importBytes(fixture("execlog.log"));
    expect(executed.slice(0, 3)).toEqual(["4002820b70", "4002820b73", "4002821770"]);
    expect(executed.slice(12, 16)).toEqual(["fffffff0", "fe05b", "fe062", "fe066"]);
    expect(result).toMatchObject({ format: "execlog", executions: 24, instructionsCounted: true });
    expect(trace.metadata.capture?.mode).toBe("complete");
    expect(new Set(trace.blocks.instructions)).toEqual(new Set([1]));
  });

  it("keeps vCPUs apart, with registers and memory behind the instruction", async () => {
    const log = fixture("execlog-two-vcpus.log");
    const { result, trace, executed } = await importBytes(log);
    const lines = log.toString("latin1").trimEnd().split("\n");
    expect(lines.some((line) => line.includes(", rsp -> 0x"))).toBe(true);
    expect(result).toMatchObject({ executions: lines.length, vcpus: 2 });
    expect(new Set(trace.chunks.map(({ vcpu }) => vcpu))).toEqual(new Set([0, 1]));
    const addressesOf = (vcpu: number): string[] =>
      lines.filter((line) => line.startsWith(`${vcpu}, `)).map((line) => line.split(/, (?:0x)?/)[1]);
    expect(executed).toEqual([...addressesOf(0), ...addressesOf(1)]);
  });
});

describe("drcov", () => {
  it("has every block once, with its size and its whole address", async () => {
    const { result, trace, executed } = await importBytes(fixture("user.drcov"));
    expect(result).toMatchObject({ format: "drcov", executions: 2466 });
    expect(executed.slice(0, 3)).toEqual(["4002820b70", "4002821770", "40028217e7"]);
    expect([...trace.blocks.size].slice(0, 3)).toEqual([8, 0x77, 0x21]);
    expect(trace.metadata).toMatchObject({ capture: { mode: "coverage" }, systemEmulation: false });
    const first = new Float64Array(trace.blocks.count);
    const places = new BlockPlaces(trace.blocks, first, tracedMachine(trace.metadata), null);
    expect(places.of(0)).toEqual({ kind: "region", region: regions.userWithoutBytes });
  });

  it("of a whole system is not taken for a program", async () => {
    const { result, trace, executed } = await importBytes(fixture("system.drcov.xz"));
    expect(result.executions).toBe(3077);
    expect(executed[0]).toBe("fffffff0");
    expect(trace.metadata.systemEmulation).toBeUndefined();
  });

  it("of DynamoRIO counts from the modules' bases", async () => {
    const head =
      "DRCOV VERSION: 2\nDRCOV FLAVOR: drcov\nModule Table: version 2, count 2\n" +
      "Columns: id, base, end, entry, checksum, timestamp, path\n" +
      " 0, 0x0000000000400000, 0x0000000000500000, 0x0000000000401000, 0x00000000, 0x00000000, /bin/a\n" +
      " 1, 0x00007f0000000000, 0x00007f0000100000, 0x0000000000000000, 0x00000000, 0x00000000, /lib/b\n" +
      "BB Table: 2 bbs\n";
    const table = Buffer.from("0010000004000000" + "2000000008000100", "hex");
    const { executed } = await importBytes(Buffer.concat([Buffer.from(head), table]));
    expect(executed).toEqual(["401000", "7f0000000020"]);
  });

  it("has its blocks behind a longer list of modules than is read at a time", async () => {
    const row = ` 0, 0x0000000000400000, 0x0000000000500000, 0x0000000000401000, ${"/folder".repeat(20_000)}\n`;
    const rows = row.repeat(40);
    const head = `DRCOV VERSION: 2\nDRCOV FLAVOR: drcov\nModule Table: version 2, count 40\n${rows}BB Table: 1 bbs\n`;
    const { executed } = await importBytes(Buffer.concat([Buffer.from(head), Buffer.from("0010000004000000", "hex")]));
    expect(executed).toEqual(["401000"]);
  });

  it("has every whole block before a cut, and says how many are missing", async () => {
    const bytes = fixture("user.drcov");
    const { result } = await importBytes(bytes.subarray(0, bytes.length - 3));
    expect(result.executions).toBe(2465);
    expect(result.trust.reasons.join(" ")).toContain("1 of 2466 blocks are missing");
  });
});

describe("hotblocks", () => {
  it("has the counts of its rows", async () => {
    const { result, executed, trace } = await importBytes(smallTable);
    const rows = smallTable.split("\n").filter((line) => line.startsWith("0x"));
    expect(rows).toHaveLength(20);
    for (const line of rows) {
      const [address, , , count] = line.split(", ");
      expect(executed.filter((each) => BigInt(`0x${each}`) === BigInt(address))).toHaveLength(Number(count));
    }
    expect(result).toMatchObject({ format: "hotblocks", instructionsCounted: true });
    expect(trace.metadata.capture?.mode).toBe("incomplete");
  });

  it("has them below the output of another plugin in the same log", async () => {
    const name = "hotblocks-traps.log";
    const { executions } = await importTrace(path.join(fixtures, name), await temporaryFile());
    const counts = [
      ...fixture(name)
        .toString("latin1")
        .matchAll(/^0x.*, (\d+)$/gm),
    ].map(([, count]) => Number(count));
    expect(executions).toBe(counts.reduce((sum, count) => sum + count));
  });

  it("takes no longer for larger counts than their chunks do", async () => {
    const counts = [2 ** 32 + 5, 3, 2 ** 22];
    const rows = counts.map((count, index) => `0x${(4096 * (index + 1)).toString(16)}, 1, 2, ${count}\n`);
    const output = await temporaryFile();
    writeFileSync(`${output}.in`, `${head}${rows.join("")}`);
    const { executions } = await importTrace(`${output}.in`, output);
    const { chunks } = await openTraceFile(output);
    const total = counts.reduce((sum, count) => sum + count);
    expect(executions).toBe(total);
    expect(chunks.reduce((sum, chunk) => sum + chunk.executions, 0)).toBe(total);
    expect(chunks.reduce((sum, chunk) => sum + chunk.instructions, 0)).toBe(2 * total);
  });

  it("keeps what was written when it is stopped", async () => {
    const output = await temporaryFile();
    writeFileSync(`${output}.in`, `${head}0x1000, 1, 2, ${2 ** 30}\n`);
    const stop = new AbortController();
    const result = await importTrace(`${output}.in`, output, { stop: stop.signal, progress: () => stop.abort() });
    expect(result.executions).toBe(2 ** 28);
    expect(result.trust.reasons.join(" ")).toContain("stopped");
  });

  it.each(["9999999999999999", "9223372036854775808", "18446744073709551615"])(
    "is refused when it tells of more executions than can be (%s)",
    async (count) => {
      await expect(importBytes(`${head}0x1000, 1, 2, ${count}\n`)).rejects.toMatchObject({ code: "unsupported" });
    },
  );
});

describe("bbv", () => {
  it("is refused, because it has no addresses", async () => {
    await expect(importBytes(fixture("bios.0.bb"))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("addresses") as string,
    });
  });
});

describe("uftrace", () => {
  it("has the entries of functions, with their times and names", async () => {
    const { result, executed, trace, output } = await importPath(
      path.join(fixtures, "uftrace.data"),
      await temporaryFile(),
    );
    // As `uftrace dump` prints them.
    expect(executed).toEqual(["401050", "401060", "4011b4", "401040", "401040", "401040"]);
    expect(result).toMatchObject({ format: "uftrace", stamped: true });
    const [names] = trace.attachments;
    const text = readFileSync(output).toString("latin1", names.offset, names.offset + names.length);
    expect(text).toContain("0000000000401040 t printf\n");
    expect(text).toMatch(/00000000004011[0-9a-f]{2} T main\n/);
  });

  it("of a QEMU with two vCPUs has each vCPU's privilege levels in one stream, by time", async () => {
    const folder = path.join(fixtures, "uftrace-x86_64.data");
    const { result, trace, executed } = await importPath(folder, await temporaryFile());
    // As `uftrace dump` and `uftrace report` count them.
    expect(result).toMatchObject({ executions: 206, vcpus: 2, stepsBack: 0, dropped: 0 });
    expect(executed.filter((address) => address === "ea4e9")).toHaveLength(100);
    expect(new Set(trace.chunks.map(({ vcpu }) => vcpu))).toEqual(new Set([0, 1]));
    const times = [100, 104].flatMap((track) => {
      const bytes = readFileSync(path.join(folder, `${track}.dat`));
      const records = Array.from({ length: bytes.length / 16 }, (_, i) => [
        bytes.readBigUInt64LE(16 * i),
        bytes.readBigUInt64LE(16 * i + 8),
      ]);
      return records.filter(([, word]) => (word & 3n) === 0n);
    });
    times.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    expect(executed.slice(0, times.length)).toEqual(times.map(([, word]) => (word >> 16n).toString(16)));
  });

  it("of a kernel has the addresses and names of the kernel's half", async () => {
    const folder = path.join(fixtures, "uftrace-aarch64.data");
    const { result, executed, trace, output } = await importPath(folder, await temporaryFile());
    expect(result).toMatchObject({ executions: 100, vcpus: 1 });
    expect(executed.filter((address) => address === "ffff800008b6ee08")).toHaveLength(49);
    const [names] = trace.attachments;
    const text = readFileSync(output).toString("latin1", names.offset, names.offset + names.length);
    expect(text).toContain("ffff800008b6edf0 T fdt_next_tag\n");
  });

  it("is read up to a record that is damaged, and from every track", async () => {
    const folder = `${await temporaryFile()}.data`;
    mkdirSync(folder);
    cpSync(path.join(fixtures, "uftrace.data/info"), path.join(folder, "info"));
    const record = (time: bigint, type: number, address: bigint): Buffer => {
      const bytes = Buffer.alloc(16);
      bytes.writeBigUInt64LE(time, 0);
      bytes.writeBigUInt64LE((BigInt.asUintN(48, address) << 16n) | (5n << 3n) | BigInt(type), 8);
      return bytes;
    };
    const whole = [record(1000n, 0, 0xffffffff81000000n), record(1500n, 2, 7n), record(2000n, 1, 0xffffffff81000000n)];
    writeFileSync(path.join(folder, "100.dat"), Buffer.concat([...whole, Buffer.alloc(16)]));
    writeFileSync(path.join(folder, "203.dat"), record(900n, 0, 0x1000n));
    const { result, executed } = await importPath(folder, `${folder}.bst`);
    expect(executed).toEqual(["1000", "ffffffff81000000"]);
    expect(result).toMatchObject({ vcpus: 2, dropped: 7, endTime: 100, stepsBack: 0 });
    expect(result.trust.reasons.join(" ")).toContain("1 of its files");
  });
});

describe.each([
  ["execlog", fixture("execlog.log")],
  ["drcov", fixture("user.drcov")],
  ["hotblocks", Buffer.from(smallTable)],
])("%s", (_, original) => {
  it("never makes a defect when it is overwritten and cut", async () => {
    const change = fc.record({ at: fc.nat(), put: fc.uint8Array({ maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), fc.nat(), async (changes, cut) => {
        const bytes = Buffer.from(original);
        for (const { at, put } of changes) bytes.set(put, at % (bytes.length - 12));
        await importBytes(bytes.subarray(0, cut % bytes.length)).catch((error: unknown) =>
          expect(error).toBeInstanceOf(BootscopeError),
        );
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
