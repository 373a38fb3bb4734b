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
    expect({ mode, dropped }).toEqual({ mode: "incomplete", dropped: 12 });
    expect(text).toContain("QEMU lost 12 records because its buffer was full.");
  });

  it("it is cut", async () => {
    expect((await told(vector.subarray(0, vector.length - 3))).text).toContain("ends in the middle of a record");
    expect((await told(execTb("01") + execTb("02").slice(0, -5))).text).toContain("ends in the middle of a line");
  });

  it("it is damaged", async () => {
    const { mode, text } = await told(Buffer.concat([vector, Buffer.alloc(40, 0x55)]));
    expect(mode).toBe("incomplete");
    expect(text).toContain("nothing after the damage could be read");
  });

  it("its clock stepped back", async () => {
    expect((await told(execTb("09") + execTb("03"))).text).toContain("The clock of the source stepped back (1×)");
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
    expect(text).toContain("all but those reached by a return or an indirect jump");
    expect(text).toContain("Record with Trace Boot");
  });

  it("it has events only", async () => {
    const { mode, text } = await told("100@5.000001:pic_set_irq master 1 irq 0 level 0\n");
    expect({ mode, text }).toEqual({
      mode: "complete",
      text: "The trace holds events only: block executions were not recorded.",
    });
  });
});
