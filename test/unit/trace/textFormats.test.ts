/** Importers of text other than QEMU's `-d exec` and `exec_tb` logs. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { importTrace } from "../../../src/trace/import/importTrace";
import type { ImportResult } from "../../../src/trace/import/traceFormat";
import { openTraceFile } from "../../../src/trace/reader";
import type { TraceFile } from "../../../src/trace/types";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";

interface Imported {
  readonly result: ImportResult;
  readonly trace: TraceFile;
  /** Per vCPU: addresses in order, in hexadecimal. */
  readonly executed: string[][];
  /** System.map of a source without addresses. */
  readonly names: string | null;
}

async function importText(text: string): Promise<Imported> {
  const output = await temporaryFile();
  writeFileSync(`${output}.txt`, Buffer.from(text, "latin1"));
  const result = await importTrace(`${output}.txt`, output);
  const trace = await openTraceFile(output);
  const executed: string[][] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    (executed[trace.chunks[index].vcpu] ??= []).push(
      ...[...blocks].map((block) => trace.blocks.address[block].toString(16)),
    );
  });
  const attached = trace.attachments.find(({ name }) => name === "System.map");
  const names =
    attached === undefined
      ? null
      : readFileSync(output).toString("latin1", attached.offset, attached.offset + attached.length);
  return { result, trace, executed, names };
}

const fixture = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../fixtures/text", name), "latin1");

/** Names of functions in the order of their execution. */
function namesOf({ executed, names }: Imported, vcpu = 0): string[] {
  const byAddress = new Map((names ?? "").split("\n").map((row) => row.split(" T ") as [string, string]));
  return executed[vcpu].map((address) => byAddress.get(address) ?? `${address}?`);
}

describe("register dumps of -d cpu", () => {
  it.each([
    ["x86 in 16-bit mode: CS base and EIP", "cpu-x86_16.log", ["fffffff0", "fe05b", "fe066"]],
    ["x86_64 in user mode", "cpu-x86_64.log", ["4002825b70", "4002826770"]],
    ["aarch64", "cpu-aarch64.log", ["40400000", "40400000", "40400000", "40400000", "40400000", "40400000", "200"]],
    ["arm", "cpu-arm.log", ["40400000", "40400000", "40400000", "40400000", "40400000", "40400000"]],
    ["riscv64", "cpu-riscv64.log", ["1000", "100c", "80000000", "80000560"]],
  ])("give the executed blocks: %s", async (_, name, expected) => {
    const { result, executed, trace } = await importText(fixture(name));
    expect(executed[0].slice(0, expected.length)).toEqual(expected);
    expect(result.format).toBe("qemu-cpu-log");
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(trace.metadata.capture?.reasons?.join(" ")).toContain("which vCPU");
  });

  it("are not counted when they are of an interrupt, of SMM or of a reset", async () => {
    const block = fixture("cpu-x86_16.log").split("\n").slice(0, 20).join("\n");
    const others = fixture("int-x86_64.log").trimEnd();
    const { executed, result } = await importText(`${block}\n${others}\nCPU Reset (CPU 0)\n${block}\n${block}\n`);
    expect(executed).toEqual([["fffffff0", "fffffff0"]]);
    expect(result.events).toBe(11);
  });

  it("are found in the forms of other releases", async () => {
    const old =
      "PC=ffff000008080000  SP=ffff000008f00000\nX00=0000000000000000\nPC=ffff000008080004  SP=0000000000000000\n";
    expect((await importText(old)).executed).toEqual([["ffff000008080000", "ffff000008080004"]]);
    const wide = " V        =   0\n pc         80000560\n mhartid    0\n pc         80000564\n";
    expect((await importText(wide)).executed).toEqual([["80000560", "80000564"]]);
  });

  it("wrap where 32 bits end", async () => {
    const dump =
      "EIP=00001000 EFL=00000002 [-------] CPL=0\nES =0000 00000000 0000ffff 00009300\nCS =f000 fffff800 0000ffff 00009b00\n";
    expect((await importText(dump)).executed).toEqual([["800"]]);
  });
});

describe("disassembly of -d in_asm", () => {
  it("gives each translated block, with its bytes where their order is known", async () => {
    const { result, executed, trace } = await importText(fixture("in_asm-x86.log"));
    expect(executed[0].slice(0, 4)).toEqual(["fffffff0", "fe05b", "fe066", "fe06a"]);
    expect(result).toMatchObject({ format: "qemu-in_asm-log", instructionsCounted: true });
    expect(trace.metadata.capture?.mode).toBe("coverage");
    const { address, size, instructions, crc } = trace.blocks;
    expect([size[0], instructions[0]]).toEqual([5, 1]);
    expect([size[1], instructions[1]]).toEqual([11, 2]);
    // The bytes ea 5b e0 00 f0, by Python's zlib.crc32.
    expect(crc[0]).toBe(0xac15827c);
    // An instruction of ten bytes stands on two lines.
    const long = [...address].indexOf(0x43205efn);
    expect([...(trace.blocks.instructionLengths(long as never) ?? [])].slice(0, 8)).toEqual([3, 7, 10, 10, 4, 8, 3, 5]);
    expect(size[long]).toBe(3 + 7 + 10 + 10 + 4 + 8 + 3 + 5 + 4 + 5);
  });

  it.each([
    ["riscv64", "in_asm-riscv64.log", ["1000", "100c", "80000000"], [12, 12, 16], [3, 3, 4]],
    ["aarch64", "in_asm-aarch64.log", ["40400000", "4040000c", "200"], [12, 4, 4], [3, 1, 1]],
  ])("knows the lengths of words: %s", async (_, name, expected, sizes, counts) => {
    const { executed, trace } = await importText(fixture(name));
    expect(executed[0].slice(0, 3)).toEqual(expected);
    expect([...trace.blocks.size].slice(0, 3)).toEqual(sizes);
    expect([...trace.blocks.instructions].slice(0, 3)).toEqual(counts);
  });

  it("leaves out a block that is cut off", async () => {
    const text = fixture("in_asm-x86.log");
    const { executed, trace } = await importText(text.slice(0, text.indexOf("jne") + 3));
    expect(executed).toEqual([["fffffff0"]]);
    expect(trace.metadata.capture?.reasons?.join(" ")).toContain("middle of a line");
  });
});

describe("translate_block events", () => {
  it("are coverage, with times and threads where lines have them", async () => {
    const { result, executed, trace } = await importText(fixture("translate_block.log"));
    expect(executed[0].slice(0, 3)).toEqual(["fffffff0", "fe05b", "fe066"]);
    expect(result).toMatchObject({ executions: 10, stamped: true });
    expect(trace.metadata.capture?.mode).toBe("coverage");
    const plain = await importText("translate_block tb:0x7fc018000040, pc:0xfffffff0, tb_code:0x7fc018000100\n");
    expect(plain.executed).toEqual([["fffffff0"]]);
    expect(plain.result.stamped).toBe(false);
  });
});

describe("simpletrace.py's text", () => {
  it("has times that add up, and blocks that ran", async () => {
    const { result, executed } = await importText(fixture("simpletrace-printed.txt"));
    expect(executed[0].slice(0, 3)).toEqual(["fffffff0", "fe05b", "fe066"]);
    expect(result).toMatchObject({ format: "simpletrace-text", executions: 10, stamped: true });
  });

  it("is read in every release's form", async () => {
    const { result, executed, trace } = await importText(
      [
        "exec_tb 0.000 tb=0x7fa869afe010 pc=0xfffffff0", // 0.14 to 2.0: no pid
        "foo -1.000 pid=4242 ",
        "exec_tb_exit       1.953 pid=4491 next_tb=0x7fa869afe010 flags=0x3", // aligned by hand
        "exec_tb      15.525 pid=4491 tb=0x7fa869afe010 pc=0xffffffff81000000",
        "bar 501.000 pid=4242 name=b'hi yo' v=0xfffffffffffffffd",
        "Dropped_Event 100.000 pid=4242 num_events_dropped=0xc",
        "dropped 0.000 count=0x2",
        "exec_tb_nocache 1.000 pid=4491 tb=0x1 pc=0x2\r",
        "exec_tb 1.000 pid=4491 tb=0x1 pc=",
        "",
      ].join("\n"),
    );
    expect(executed.flat().sort()).toEqual(["2", "ffffffff81000000"]);
    expect(result).toMatchObject({ dropped: 14 });
    // From the first that ran to the last: 501 + 100 + 1 microseconds.
    expect(result.endTime).toBe(602_000);
    expect(trace.metadata.capture?.mode).toBe("chained");
    expect(trace.metadata.capture?.reasons?.join(" ")).toContain("1 line is torn");
    // The other events are kept, those of lost records among the trace's own figures.
    expect(trace.events.reduce((sum, { records }) => sum + records, 0)).toBe(2);
    expect(result.events).toBe(2);
  });
});

describe("times with addresses or names", () => {
  // Lines of the article that describes these files.
  const published = [
    "11409434.8589973 prepare_exit_to_usermode in section .text",
    "11409435.5189973 retint_user + 8 in section .text",
    "11409436.4899973 7fb95ab3cd20",
    "11409447.6899973 7fb95ab4c930",
    "11409450.6899973 retint_user in section .text",
    "",
  ].join("\n");

  it("are opened, and functions keep their names", async () => {
    const imported = await importText(published);
    expect(imported.result).toMatchObject({ format: "time-and-pc-text", executions: 5, endTime: 15_831 });
    const [first, second, third, , fifth] = imported.executed[0];
    expect(third).toBe("7fb95ab3cd20");
    expect(BigInt(`0x${second}`) - BigInt(`0x${fifth}`)).toBe(8n);
    expect(imported.names).toContain(`${first} T prepare_exit_to_usermode\n`);
    expect(imported.names).toContain(`${fifth} T retint_user\n`);
    expect(imported.trace.metadata.capture?.reasons?.join(" ")).toContain("made up");
  });

  it("are not any two columns of numbers", async () => {
    for (const text of ["1 2\n2 3\n3 4\n", "5 7fb95ab3cd20\n3 7fb95ab3cd20\n", "1 7fb95ab3cd20\nhello\n"]) {
      await expect(importText(text)).rejects.toMatchObject({ code: "not-a-trace" });
    }
  });
});

describe("the kernel's function tracers", () => {
  it("give calls by name, per CPU", async () => {
    const imported = await importText(fixture("ftrace-function.txt"));
    expect(namesOf(imported).slice(0, 2)).toEqual(["mutex_unlock", "__f_unlock_pos"]);
    expect(imported.result).toMatchObject({ format: "ftrace-function", executions: 48, stamped: true });
    const graph = await importText(fixture("ftrace-function_graph.txt"));
    expect(namesOf(graph).slice(0, 3)).toEqual(["process_one_work", "_raw_spin_unlock_irq", "irq_enter_rcu"]);
    expect(graph.result).toMatchObject({ format: "ftrace-function_graph", executions: 45, stamped: false });
    expect(graph.trace.metadata.capture?.mode).toBe("incomplete");
  });
});

const everyFixture = [
  "cpu-x86_16.log",
  "cpu-riscv64.log",
  "in_asm-x86.log",
  "translate_block.log",
  "simpletrace-printed.txt",
  "ftrace-function.txt",
  "ftrace-function_graph.txt",
];

describe.each(everyFixture)("%s", (name) => {
  const text = fixture(name);

  it("never gains by being cut at any byte, and has every whole line before the cut", async () => {
    const all = (await importText(text)).executed;
    for (let cut = 1; cut < text.length; cut += 97) {
      const { executed } = await importText(text.slice(0, cut)).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "not-a-trace" });
        return { executed: [] as string[][] };
      });
      executed.forEach((addresses, vcpu) => {
        if (name.startsWith("ftrace-function")) expect(all[vcpu].length).toBeGreaterThanOrEqual(addresses.length);
        else expect(all[vcpu].slice(0, addresses.length)).toEqual(addresses);
      });
    }
  });

  it("never makes a defect when it is spliced and overwritten", async () => {
    const change = fc.record({
      at: fc.nat(text.length),
      drop: fc.nat(200),
      put: fc.string({ unit: "binary", maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const changed = changes.reduce((s, { at, drop, put }) => s.slice(0, at) + put + s.slice(at + drop), text);
        await importText(changed).catch((error: unknown) => expect(error).toBeInstanceOf(BootscopeError));
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
