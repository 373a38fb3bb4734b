import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../../../src/trace/events/eventChunks";
import { parseEventDescriptions } from "../../../../src/trace/events/eventDescriptions";
import { namedValues, valueText } from "../../../../src/trace/events/eventText";
import { matchFormat, parseFormat } from "../../../../src/trace/events/printfFormat";
import { importTrace } from "../../../../src/trace/import/importTrace";
import { temporaryFile } from "../../../support/buildTrace";

const declarations = `blk_write(void *blk, int64_t offset, int bytes, const char *name) "blk %p at %"PRId64" bytes 0x%x '%s'"
foo_done(void) ""
vcpu guest_thing(uint32_t v, bool on) "v=%u on=%d"
tcg old_mem(TCGv vaddr, uint16_t info) "info=%d", "vaddr=0x%016"PRIx64" info=%d"
`;

/** The events of a file, each as one text. */
async function events(file: string, traceEvents?: string): Promise<string[]> {
  const found: string[] = [];
  await readEvents(file, { traceEvents }, (decoder) => {
    while (decoder.next()) {
      const { descriptor, values } = decoder.read();
      const given = namedValues(descriptor, values).map((value) => `${value.name}=${valueText(value)}`);
      found.push([decoder.time, decoder.thread, descriptor.name, ...given].join(" "));
    }
  });
  return found;
}

/** Events of a log, read at once, and as they are kept beside executions in its import. */
async function eventsOf(text: string): Promise<{ direct: string[]; imported: string[] }> {
  const log = await temporaryFile("qemu.log");
  writeFileSync(log, Buffer.from(text, "latin1"));
  const traceEvents = `${log}.trace-events`;
  writeFileSync(traceEvents, declarations);
  await importTrace(log, `${log}.bst`, { traceEvents });
  return { direct: await events(log, traceEvents), imported: await events(`${log}.bst`) };
}

const execution = "4243@5.000002:exec_tb tb:0x7f3524000040 pc=0xfffffff0\n";

describe("events in a log", () => {
  it("have typed arguments, exact to 64 bits, and the times and threads of their prefixes", async () => {
    const { direct, imported } = await eventsOf(
      execution +
        "4243@5.000010:blk_write blk 0xffffffffffffffff at -9223372036854775808 bytes 0xfffffff0 'disk one'\n" +
        "4194304@5.000020:foo_done \r\n" +
        "4243@5.000030:guest_thing cpu=0x55a11faea660 v=4294967295 on=1\n" +
        "4243@5.000040:old_mem_exec vaddr=0x00000000000000ff info=7\n" +
        "4243@5.000050:blk_write blk (nil) at 1 bytes 0x1 ''\n",
    );
    const kept = [
      "5000010000 4243 blk_write blk=0xffffffffffffffff offset=-9223372036854775808 bytes=-16 name=disk one",
      "5000020000 4194304 foo_done",
      "5000030000 4243 guest_thing __cpu=0x55a11faea660 v=4294967295 on=1",
      "5000040000 4243 old_mem_exec vaddr=0xff info=7",
      "5000050000 4243 blk_write blk=0x0 offset=1 bytes=0x1 name=",
    ];
    expect(imported).toEqual(kept);
    expect(direct).toEqual(["5000002000 4243 exec_tb tb=0x7f3524000040 pc=0xfffffff0", ...kept]);
  });

  it("are kept as text when nothing describes them or their line is another's, and only if they are certain", async () => {
    const { imported } = await eventsOf(
      `${execution}4243@5.000010:no_such_event a b\n4243@5.000020:blk_write broken\nno_such_event a b\nfsck_done 12 files\n\0\xff_x\n`,
    );
    expect(imported).toEqual(["5000010000 4243 no_such_event text=a b", "5000020000 4243 blk_write text=broken"]);
  });

  it("take place between executions where there is no clock", async () => {
    const trace = "Trace 0: 0x7f3524000100 [0000000000000000/0000000000001000/0040c2b0/ff000200] \n";
    const { imported } = await eventsOf(`foo_done \n${trace}${trace}foo_done \n${trace}${trace}foo_done \n`);
    // The block announced last is not known to have run when the next line comes.
    expect(imported).toEqual(["0 -1 foo_done", "1 -1 foo_done", "3 -1 foo_done"]);
  });

  it("are a trace of their own when there are no executions", async () => {
    const log = await temporaryFile("devices.log");
    const fixtures = path.resolve(__dirname, "../../../fixtures");
    const text = gunzipSync(readFileSync(path.join(fixtures, "events-devices.log.gz")));
    writeFileSync(log, text);
    const traceEvents = path.join(fixtures, "events-devices.trace-events");
    const result = await importTrace(log, `${log}.bst`, { traceEvents });
    expect(result).toMatchObject({ executions: 0, events: 1649, stamped: true, trust: { mode: "complete" } });
    expect(result.trust.reasons[0]).toContain("events only");
    const kept = await events(`${log}.bst`);
    expect(kept).toEqual(await events(log, traceEvents));
    expect(kept.filter((line) => line.includes(" text="))).toEqual([]);
    const plain = text.toString("latin1").replace(/^\d+@\d+\.\d{6}:/gm, "");
    writeFileSync(log, plain, "latin1");
    const unstamped = await events(log, traceEvents);
    expect(unstamped.map((line) => line.split(" ").slice(2))).toEqual(kept.map((line) => line.split(" ").slice(2)));
  });
});

describe("the formats of trace-events", () => {
  it("are read in all forms that C has of them", () => {
    const format = parseFormat('"a %5d|%-4x|%#"PRIx64"|%s and %%|%2.2x\\\\"');
    expect(matchFormat(format, "a    -7|ab  |0x1f|some text and %|0f\\")).toEqual([
      "-7",
      "ab",
      "0x1f",
      "some text",
      "0f",
    ]);
    expect(matchFormat(format, "a    -7|ab  |0x1f|some text and %|0f")).toBeNull();
  });

  it("never fail, and take time in proportion, on any text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (line, text) => {
        for (const { descriptions } of parseEventDescriptions(`e_x(int a, const char *b) "${line}"`)) {
          for (const { format } of descriptions) matchFormat(format, text);
        }
      }),
    );
    const texts = parseFormat(`"${"%s ".repeat(60)}"`);
    expect(matchFormat(texts, " ".repeat(100_000))).not.toBeNull();
  });
});
