/** What the header and `info` say of each way in which a foreign trace falls short. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";

const vector = readFileSync(path.resolve(__dirname, "../../fixtures/simpletrace-v4-vector.trace"));

async function told(bytes: string | Uint8Array) {
  const output = await temporaryFile();
  const input = `${output}.trace`;
  writeFileSync(input, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  await importTrace(input, output);
  const { metadata } = await openTraceFile(output);
  return { mode: metadata.capture?.mode, dropped: metadata.dropped, text: metadata.capture?.reasons?.join("\n") ?? "" };
}

const execTb = (time: string, thread = 100): string => `${thread}@5.0000${time}:exec_tb tb:0x7f3524000040 pc=0xfff0\n`;

describe("a trace says that", () => {
  it("records were dropped", async () => {
    const { mode, dropped, text } = await told(vector);
    // What else is missing makes a chained trace no better.
    expect({ mode, dropped }).toEqual({ mode: "chained", dropped: 12 });
    expect(text).toContain("QEMU lost 12 records because its buffer was full");
    const printed = "exec_tb 0.000 pid=1 tb=0x1 pc=0x2\nDropped_Event 1.000 pid=1 num_events_dropped=0x1\n";
    expect((await told(printed)).text).toContain("QEMU lost 1 record because");
    const ftrace = "qemu-system-x86-1 [000] 1.000000: tracing_mark_write: exec_tb tb:0x1 pc=0x2\n";
    expect((await told(`${ftrace}CPU:0 [LOST 1234 EVENTS]\n`)).text).toContain("ftrace lost 1,234 records because");
  });

  it("it is cut", async () => {
    expect((await told(vector.subarray(0, vector.length - 3))).text).toContain("ends in the middle of a record");
    expect((await told(execTb("01") + execTb("02").slice(0, -5))).text).toContain("ends in the middle of a line");
  });

  it("it is damaged", async () => {
    const { mode, text } = await told(Buffer.concat([vector, Buffer.alloc(40, 0x55)]));
    expect(mode).toBe("chained");
    expect(text).toContain("nothing after the damage could be read");
  });

  it("lines are torn", async () => {
    const whole = "Trace 0: 0x7f35 [00000000/000000000000fff0/00000040/ff000200] \n";
    const one = await told(whole + "Trace 0: 0x7f35 [000000\n" + whole);
    expect(one).toEqual({ mode: "incomplete", dropped: 0, text: "1 line is torn: its block is missing." });
    const two = await told(execTb("01") + "exec_tb tb:0x7f\nexec_tb tb:0x1 pc=\n" + execTb("02"));
    expect(two.mode).toBe("chained");
    expect(two.text).toContain("2 lines are torn: their blocks are missing.");
  });

  it("its clock stepped back", async () => {
    expect((await told(execTb("09") + execTb("03"))).text).toContain("1 time stamp lies before an earlier one");
    expect((await told(execTb("03") + execTb("09"))).text).not.toContain("stepped back");
  });

  it("vCPUs cannot be told apart", async () => {
    const sentence = "does not say which virtual CPU executed a block";
    expect((await told(vector)).text).toContain(sentence);
    expect((await told("exec_tb tb:0x7f3524000040 pc=0xfff0\n")).text).toContain(sentence);
    expect((await told(execTb("01") + execTb("02", 101))).text).not.toContain(sentence);
  });

  it("QEMU chained blocks", async () => {
    const line = (cflags: string): string => `Trace 0: 0x7f35 [00000000/000000000000fff0/00000040/${cflags}] \n`;
    const chained = await told(line("ff000000"));
    expect(chained.mode).toBe("chained");
    expect(chained.text).toContain("no nochain");
    expect(await told(line("ff000200"))).toEqual({ mode: "complete", dropped: 0, text: "" });
  });

  it("blocks are missing since QEMU 6.1 even with nochain", async () => {
    const { mode, text } = await told(execTb("01"));
    expect(mode).toBe("chained");
    expect(text).toContain("QEMU 2.5 to 6.0 report every block");
    expect(text).toContain("later ones leave out those reached by a return or an indirect jump");
    expect(text).toContain("on targets other than x86 nearly all");
  });

  it("an old QEMU does not log whether it chained", async () => {
    const { mode, text } = await told("Trace 0x7f35 [fff0] \n");
    expect(mode).toBe("chained");
    expect(text).toContain(
      "does not log whether nochain was used: if it was, every block is here.\nIf not: blocks that",
    );
    expect(text).toContain("The log of QEMU 6.1 or newer tells.");
  });

  it.each([
    ["exec_tb", execTb("01")],
    ["simple", vector],
    ["exec", "Trace 0x7f35 [fff0] \n"],
    ["cpu", "RIP=000000000000fff0 RFL=00000002\n"],
    ["translations", "translate_block tb:0x1, pc:0x2, tb_code:0x3\n"],
    ["the kernel's ftrace", "  a-1 [000] d..1 1.000000: start_kernel <-x86_64_start_kernel\n"],
  ])("another recording tells more, last and with a whole command: %s", async (_, bytes) => {
    const last = (await told(bytes)).text.split("\n").findLast((sentence) => !sentence.includes("stepped back"));
    expect(last).toMatch(/^Record with Trace Boot, or with QEMU's -d exec,nochain -D FILE, to /);
  });

  it("it has events only", async () => {
    const { mode, text } = await told("100@5.000001:pic_set_irq master 1 irq 0 level 0\n");
    expect({ mode, text }).toEqual({
      mode: "complete",
      text: "The trace holds events only: block executions were not recorded.",
    });
  });
});
