/** What logs of QEMU hold besides what they should: every form of it that has been seen or can be expected. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { importBytes } from "../../support/importBytes";

const trace = (pc: string, vcpu = 0): string =>
  `Trace ${vcpu}: 0x7f3524000100 [0000000000000000/${pc.padStart(16, "0")}/0040c2b0/ff000200] \n`;
const event = (pc: string, prefix = "", tb = "0x7f3524000040"): string => `${prefix}exec_tb tb:${tb} pc=0x${pc}\n`;

describe("a log", () => {
  it("whose last line is cut keeps all lines before it, wherever the cut is", async () => {
    const lines = ["a", "b", "ffffffff81000000", "c"].map((pc) => trace(pc));
    const whole = lines.join("");
    const first = lines[0].length;
    for (let length = first; length <= whole.length; length += 7) {
      const kept = lines.filter((_, index) => (index + 1) * first <= length).length;
      const { executed } = await importBytes(whole.slice(0, length), { blockBytes: 100 });
      expect(executed).toEqual([["a", "b", "ffffffff81000000", "c"].slice(0, kept)]);
    }
  });

  it("may have lines of 1 MB, with an announcement at their end", async () => {
    const { executed } = await importBytes(`${trace("a")}${"x".repeat(1024 * 1024)}${trace("b")}${trace("c")}`);
    expect(executed).toEqual([["a", "b", "c"]]);
  });

  it("may have NUL bytes before and between its lines", async () => {
    const { executed } = await importBytes(`${"\0".repeat(4096)}${trace("a")}\0\0${trace("b")}\0\n${trace("c")}`);
    expect(executed).toEqual([["a", "b", "c"]]);
  });

  it("may have invalid UTF-8 and escape sequences of the firmware's screen", async () => {
    const noise = "\xff\xfe\xc3\x28\x1b[2J\x1b[01;01HSeaBIOS\xf0\x9f";
    const { executed } = await importBytes(`${noise}\n${trace("a")}${noise}${trace("b")}`);
    expect(executed).toEqual([["a", "b"]]);
  });

  it("may end its lines as Windows does, and write pointers as it does", async () => {
    const lines = event("A", "", "00007F3524000040") + event("FFFFFFFF81000000", "", "00007F3524000080");
    const { executed } = await importBytes(lines.replaceAll("\n", "\r\n"));
    expect(executed).toEqual([["a", "ffffffff81000000"]]);
    const traces = (trace("A") + trace("FFFFFFFF81000000")).replaceAll("0x7f3524000100", "00007F3524000100");
    expect((await importBytes(traces.replaceAll("\n", "\r\n"))).executed).toEqual([["a", "ffffffff81000000"]]);
  });

  it("may have the guest's console and QEMU's warnings in it", async () => {
    const warning = "qemu-system-x86_64: warning: TCG doesn't support requested feature\n";
    const { executed, trace: read } = await importBytes(
      `${warning}${trace("a")}[    0.000000] Linux version 6.1\r\n${trace("b")}${warning}${trace("c")}`,
    );
    expect(executed).toEqual([["a", "b", "c"]]);
    expect(read.metadata.capture).toEqual({ mode: "complete", reasons: [] });
  });

  it("may be of several threads, also of number 4194304", async () => {
    const log = event("a", "7@5.000001:") + event("b", "4194304@5.000002:") + event("c", "7@5.000003:");
    expect((await importBytes(log)).executed).toEqual([["a", "c"], ["b"]]);
  });

  it("may change the form of its prefix in the middle", async () => {
    const log = event("a", "7@5.000001:") + event("b") + event("c", "1970-01-01T00:00:05.000009Z ");
    const { executed, result } = await importBytes(log);
    expect(executed.flat().sort()).toEqual(["a", "b", "c"]);
    expect(result.endTime).toBe(8000);
  });

  it("may have every form of prefix that there is, one after the other", async () => {
    const prefixes = ["", "7@5.000001:", "7@5000002000 ", "1970-01-01T00:00:05.000003Z ", "7@5.000004:"];
    const { executed } = await importBytes(prefixes.map((prefix, index) => event(`a${index}`, prefix)).join(""));
    expect(executed.flat().sort()).toEqual(["a0", "a1", "a2", "a3", "a4"]);
  });

  it("may have addresses above 2^53, which stay exact", async () => {
    const addresses = ["20000000000001", "ffffffffffffffff", "fffffffffffffffe", "8000000000000001"];
    expect((await importBytes(addresses.map((pc) => trace(pc)).join(""))).executed).toEqual([addresses]);
    expect((await importBytes(addresses.map((pc) => event(pc)).join(""))).executed).toEqual([addresses]);
  });

  it("may have equal times and times that step back", async () => {
    const log = ["5.000010", "5.000010", "5.000001", "5.000020"].map((time) => event("a", `7@${time}:`)).join("");
    const { executed, result } = await importBytes(log);
    expect(executed).toEqual([["a", "a", "a", "a"]]);
    expect(result).toMatchObject({ stepsBack: 1, endTime: 10_000 });
  });

  it("may have times too far apart for a trace, which loses no execution", async () => {
    const log = event("a", "7@5.000000:") + event("b", "7@99999999999999.000000:") + event("c", "7@6.000000:");
    expect((await importBytes(log)).executed).toEqual([["a", "b", "c"]]);
  });

  it("may have lines of two processors in any order, with the same addresses", async () => {
    const { executed } = await importBytes([trace("a", 1), trace("a"), trace("a", 1), trace("b")].join(""));
    expect(executed).toEqual([
      ["a", "b"],
      ["a", "a"],
    ]);
  });

  it("may have a block's registers behind lines of another processor, and counts it once", async () => {
    const registers = (pc: string): string =>
      `RAX=0000000000000000 RBX=0000000000000000\nRIP=${pc.padStart(16, "0")} RFL=00000002 [-------] CPL=0\n`;
    const log = trace("a") + trace("b", 1) + registers("a") + trace("c") + registers("b") + registers("c");
    expect((await importBytes(log)).executed).toEqual([["a", "c"], ["b"]]);
  });

  it("may repeat an instruction after a page fault, in a block that begins in the middle of the first", async () => {
    expect((await importBytes(trace("1000") + trace("f000") + trace("1004"))).executed).toEqual([
      ["1000", "f000", "1004"],
    ]);
  });

  it("may have null and recycled blocks, which mean nothing", async () => {
    const { executed } = await importBytes(event("a", "", "(nil)") + event("b") + event("c") + event("b"));
    expect(executed).toEqual([["a", "b", "c", "b"]]);
  });

  it("may have torn lines, which are counted, also where a whole one follows at once", async () => {
    const log = `${trace("a")}Trace 0: 0x7f35 [0000\n${trace("b")}Trace 0: 0x7f35 [0000${trace("c")}${trace("d")}`;
    const { executed, result } = await importBytes(log);
    expect(executed).toEqual([["a", "b", "d"]]);
    expect(result.trust.mode).toBe("incomplete");
    expect(result.trust.reasons.join(" ")).toContain("2 lines are torn");
  });

  it("may be any bytes: it is read or refused, and never a defect", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.constantFrom(
        trace("a"),
        event("b"),
        "exec_tb",
        "Trace 0: ",
        "[",
        "/",
        "\n",
        "7@5.000001:",
        "Stopped execution of TB",
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 300 }),
        async (pieces, blockBytes) => {
          const { executed, result } = await importBytes(trace("f") + pieces.join(""), { blockBytes });
          expect(executed.flat().length).toBe(result.executions);
        },
      ),
      { numRuns: 60 },
    );
  });
});
