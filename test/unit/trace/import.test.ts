import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";
import { importBytes } from "../../support/importBytes";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";

const traceLine = (pc: string, vcpu = 0, cflags = "ff000200"): string =>
  `Trace ${vcpu}: 0x7f3524000100 [0000000000000000/${pc.padStart(16, "0")}/0040c2b0/${cflags}] \n`;

describe("an imported -d exec log", () => {
  it("has every block of every vCPU in order", async () => {
    const { result, executed, trace } = await importBytes(
      [
        traceLine("fff0"),
        traceLine("a", 1),
        "SeaBIOS (version 1.16)\r\n",
        traceLine("b"),
        traceLine("b"),
        traceLine("a", 1),
      ].join(""),
    );
    expect(executed).toEqual([
      ["fff0", "b", "b"],
      ["a", "a"],
    ]);
    expect(result).toMatchObject({ executions: 5, vcpus: 2, dropped: 0 });
    expect(trace.metadata.capture).toEqual({ mode: "complete", reasons: [] });
    expect(trace.metadata).toMatchObject({
      instructionsCounted: false,
      clock: { kind: "events" },
      source: { format: "qemu-log" },
    });
    expect([...trace.blocks.size]).toEqual([0, 0, 0]);
  });

  it("does not count blocks that were stopped before they ran", async () => {
    const stopped = "Stopped execution of TB chain before 0x7f3524000100 [000000000000000b] \n";
    const { executed } = await importBytes(
      [traceLine("a"), traceLine("b"), stopped, traceLine("c"), traceLine("b"), stopped, stopped].join(""),
    );
    expect(executed).toEqual([["a", "c"]]);
  });

  it("withdraws a stopped block of the right vCPU", async () => {
    const stopped = "Stopped execution of TB chain before 0x7f3524000100 [000000000000000b] \n";
    const { executed } = await importBytes([traceLine("b", 0), traceLine("a", 1), stopped, traceLine("c", 0)].join(""));
    expect(executed).toEqual([["c"], ["a"]]);
  });

  it("says when chaining was on", async () => {
    const { trace } = await importBytes(traceLine("a", 0, "ff000000").repeat(3));
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(trace.metadata.capture?.reasons?.join(" ")).toContain("no nochain");
  });

  it("says what an old QEMU's log does not tell", async () => {
    const old = "Trace 0: 0x7f23118ca180 [0000000000000000/ffffffff819c3643/0x40c2b0] \n";
    const { trace } = await importBytes(old.repeat(3));
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(trace.metadata.capture?.reasons?.[0]).toContain("does not log whether nochain was used");
    const linked = await importBytes(`${old}Linking TBs 0x7f index 1 -> 0x7f\n${old}`);
    expect(linked.trace.metadata.capture?.reasons?.[0]).toContain("Linking TBs");
  });

  it("does not count blocks twice that exec_tb announces too", async () => {
    const both = (pc: string): string => `exec_tb tb:0x7f3524000040 pc=0x${pc}\n${traceLine(pc)}`;
    const { executed } = await importBytes(both("a") + both("b") + both("b"));
    expect(executed).toEqual([["a", "b", "b"]]);
  });

  it("is incomplete when lines are torn, but not when only the last is cut", async () => {
    const torn = await importBytes(`${traceLine("a")}Trace 0: 0x7f35 [0000\n${traceLine("b")}`);
    expect(torn.trace.metadata.capture?.mode).toBe("incomplete");
    expect(torn.executed).toEqual([["a", "b"]]);
    const cut = await importBytes(traceLine("a") + traceLine("b").slice(0, 40));
    expect(cut.trace.metadata.capture?.mode).toBe("complete");
    expect(cut.trace.metadata.capture?.reasons?.[0]).toContain("middle of a line");
    expect(cut.executed).toEqual([["a"]]);
  });

  it("survives lines of any length, at any place of the reader's blocks", async () => {
    const long = `${"x".repeat(1024 * 1024)}\n`;
    const filler = Array.from({ length: 60_000 }, (_, index) => traceLine((0x1000 + (index % 7)).toString(16))).join(
      "",
    );
    const { result } = await importBytes(traceLine("a") + long + filler + long + traceLine("b") + filler + long);
    expect(result.executions).toBe(120_002);
    expect(result.trust.mode).toBe("complete");
  });
});

describe("an imported exec_tb log", () => {
  it("has times, one stream per thread, and says what is missing", async () => {
    const { executed, trace, result } = await importBytes(
      "100@5.000001:exec_tb tb:0x1 pc=0xa\n200@5.000002:exec_tb tb:0x2 pc=0xb\n100@5.000011:exec_tb tb:0x3 pc=0xc\n",
    );
    expect(executed).toEqual([["a", "c"], ["b"]]);
    expect(result.endTime).toBe(10_000);
    expect(trace.metadata.clock?.kind).toBe("host");
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(trace.chunks[0]).toMatchObject({ startTime: 0, endTime: 10_000 });
  });

  it("drops entries that were left before they ran", async () => {
    const { executed } = await importBytes(
      "exec_tb tb:0x7f0000000040 pc=0xa\nexec_tb_exit tb:0x7f0000000040 flags=0x3\nexec_tb tb:0x7f0000000040 pc=0xa\n" +
        "exec_tb_exit tb:0x7f0000000080 flags=0x3\nexec_tb tb:0x7f0000000040 pc=0xa\nexec_tb_exit tb:0x7f0000000040 flags=0x0\n",
    );
    expect(executed).toEqual([["a", "a"]]);
  });

  it("raises times that step back, and says so", async () => {
    const { result, trace } = await importBytes(
      "1@5.000010:exec_tb tb:0x1 pc=0xa\n1@5.000020:exec_tb tb:0x2 pc=0xb\n1@5.000005:exec_tb tb:0x3 pc=0xc\n",
    );
    expect(result).toMatchObject({ stepsBack: 1, endTime: 10_000 });
    expect(trace.metadata.capture?.reasons?.at(-1)).toContain("1 time stamp lies before an earlier one");
  });
});

const small = (littleEndian?: boolean): SimpletraceBuilder =>
  new SimpletraceBuilder(littleEndian)
    .mapping(5, "exec_tb")
    .mapping(6, "exec_tb_exit")
    .mapping(7, "other_event")
    .event(5n, 1_000_000n, 42, 0x7f3524000040n, 0xfffffff0n)
    .event(7n, 1_000_100n, 42, 1n, 2n)
    .event(5n, 1_000_200n, 42, 0x7f3524000080n, 0xffffffff81000000n);

describe("an imported simple trace", () => {
  it.each([true, false])("is read in either byte order (little-endian: %s)", async (littleEndian) => {
    const { executed, result } = await importBytes(small(littleEndian).bytes());
    expect(executed).toEqual([["fffffff0", "ffffffff81000000"]]);
    expect(result).toMatchObject({ format: "simpletrace", endTime: 200, dropped: 0 });
    expect(result.trust.mode).toBe("chained");
  });

  it("counts what QEMU lost", async () => {
    const bytes = small()
      .event(2n ** 64n - 2n, 1_000_150n, 42, 12n)
      .event(5n, 1_000_300n, 42, 1n, 2n)
      .bytes();
    const { result, trace } = await importBytes(bytes);
    expect(result).toMatchObject({ executions: 3, dropped: 12 });
    expect(trace.metadata).toMatchObject({ dropped: 12, capture: { mode: "chained" } });
  });

  it("drops entries that were left before they ran", async () => {
    const { executed } = await importBytes(small().event(6n, 1_000_300n, 42, 0x7f3524000080n, 3n).bytes());
    expect(executed).toEqual([["fffffff0"]]);
  });

  it("is read up to a cut at any byte, and over a second header", async () => {
    const bytes = small().bytes();
    const twice = await importBytes(Buffer.concat([bytes, bytes]));
    expect(twice.executed).toEqual([["fffffff0", "ffffffff81000000", "fffffff0", "ffffffff81000000"]]);
    for (let length = bytes.length - 1; length > bytes.length - 40; length--) {
      const { executed, result } = await importBytes(bytes.subarray(0, length));
      expect(executed).toEqual([["fffffff0"]]);
      expect(result.trust.reasons.join(" ")).toContain("middle of a record");
    }
  });

  it("stops at bytes that are no record, and says so", async () => {
    const { executed, result } = await importBytes(small().add(Buffer.alloc(64, 0x77)).bytes());
    expect(executed).toEqual([["fffffff0", "ffffffff81000000"]]);
    expect(result.trust).toMatchObject({ mode: "chained" });
  });

  it("agrees with simpletrace.py on the vector file", async () => {
    const { executed, result } = await importBytes(
      readFileSync(path.join(import.meta.dirname, "../../fixtures/simpletrace-v4-vector.trace")),
    );
    expect(executed).toEqual([["fffffff0", "2"]]);
    expect(result).toMatchObject({ executions: 2, dropped: 12 });
  });
});

describe("what is no trace", () => {
  it.each([
    ["an empty file", "", "not-a-trace"],
    ["guest output", "Linux version 6.1.0\nBOOT-DONE\n", "not-a-trace"],
    ["a program", Buffer.from(`\x7fELF${"\0".repeat(5000)}`, "latin1"), "not-a-trace"],
    ["a simple trace without blocks", new SimpletraceBuilder().mapping(5, "exec_tb").bytes(), "not-a-trace"],
    ["a log of translations only", "exec_tb tb:0x7f3524000040 pc=0xf", "not-a-trace"],
    ["a compressed file that cannot be unpacked", Buffer.from("425a6839314159265359", "hex"), "unsupported"],
    ["an old simple trace", Buffer.from("ffffffffffffffffb429a40acb77b1f20300000000000000", "hex"), "unsupported"],
  ])("is refused, and leaves no file: %s", async (_, bytes, code) => {
    const output = await temporaryFile();
    const input = `${output}.log`;
    writeFileSync(input, bytes);
    await expect(importTrace(input, output)).rejects.toMatchObject({ code });
    expect(readdirSync(path.dirname(output))).toEqual([path.basename(input)]);
  });

  it("is refused when it cannot be read or the output not be written", async () => {
    const output = await temporaryFile();
    await expect(importTrace(`${output}.missing`, output)).rejects.toMatchObject({ code: "not-found" });
    await expect(importTrace(path.dirname(output), output)).rejects.toMatchObject({ code: "unreadable" });
    writeFileSync(`${output}.log`, traceLine("a"));
    await expect(importTrace(`${output}.log`, `${output}.log/trace.bst`)).rejects.toMatchObject({ code: "unwritable" });
  });
});

describe("a cancelled import", () => {
  it("keeps what was read until it is stopped, and says so", async () => {
    const output = await temporaryFile();
    const input = `${output}.log`;
    const lines = traceLine("a").repeat(20_000);
    for (let part = 0; part < 6; part++) appendFileSync(input, lines);
    const controller = new AbortController();
    const stop = { stop: controller.signal, progress: () => controller.abort(), blockBytes: 64 * 1024 };
    const result = await importTrace(input, output, stop);
    expect(result.executions).toBeGreaterThan(0);
    expect(result.executions).toBeLessThan(120_000);
    const { metadata } = await openTraceFile(output);
    expect(metadata.capture?.mode).toBe("incomplete");
    expect(metadata.capture?.reasons?.join()).toMatch(
      /The import was stopped after .* of .*: all numbers are of that part/,
    );
    expect(Number(metadata.source?.bytes)).toBeLessThan(6 * lines.length);
  });

  it("says that nothing was found when it is stopped at once", async () => {
    const output = await temporaryFile();
    appendFileSync(`${output}.log`, traceLine("a").repeat(100));
    const importing = importTrace(`${output}.log`, output, { stop: AbortSignal.abort() });
    await expect(importing).rejects.toMatchObject({ code: "cancelled" });
    expect(existsSync(output)).toBe(false);
  });

  it("stops and leaves nothing", async () => {
    const output = await temporaryFile();
    const input = `${output}.log`;
    const lines = traceLine("a").repeat(20_000);
    for (let part = 0; part < 6; part++) appendFileSync(input, lines);
    const controller = new AbortController();
    const done: number[] = [];
    const progress = (bytesDone: number): void => {
      done.push(bytesDone);
      controller.abort();
    };
    await expect(importTrace(input, output, { signal: controller.signal, progress })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(done.length).toBe(1);
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(path.dirname(output))).toEqual([path.basename(input)]);
  });
});
