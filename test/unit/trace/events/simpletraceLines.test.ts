/** The two ways in which a simple trace becomes the lines of simpletrace.py: printed as it is, and decoded first. */
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../../../src/trace/events/eventChunks";
import type { EventDecoder } from "../../../../src/trace/events/eventDecoder";
import type { TextLines } from "../../../../src/trace/events/eventReading";
import { simpletraceLine } from "../../../../src/trace/events/eventText";
import { temporaryFile } from "../../../support/buildTrace";
import { SimpletraceBuilder } from "../../../support/simpletraceBuilder";

const descriptions = `none(void) ""
one(uint64_t address) "0x%"PRIx64
two(int small, void *p) "%d %p"
text(const char *name, int value) "%s %d"
`;
const names = ["none", "one", "two", "text", "unknown"];
const word = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 300n), fc.constantFrom(0n, 2n ** 32n, 2n ** 63n));
const time = fc.oneof({ weight: 5, arbitrary: fc.bigInt(0n, 10n ** 10n) }, word);
const steps = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.nat(names.length),
        time,
        fc.constantFrom(0, 9, 10, 4_194_304, 0xffffffff),
        fc.array(word, { maxLength: 3 }),
      )
      .map(
        ([id, at, pid, words]) =>
          (trace: SimpletraceBuilder) =>
            trace.event(BigInt(id), at, pid, ...words),
      ),
  },
  fc.tuple(fc.nat(names.length), fc.constantFrom(...names)).map(
    ([id, name]) =>
      (trace: SimpletraceBuilder) =>
        trace.mapping(id, name),
  ),
  fc.constant((trace: SimpletraceBuilder) => trace.add(new SimpletraceBuilder().bytes())),
);

/** The lines of a trace, and how many of them had to be decoded. */
async function linesOf(file: string, direct: boolean): Promise<{ text: string; decoded: number }> {
  const parts: Uint8Array[] = [];
  let decoded = 0;
  const chunk = (decoder: EventDecoder): void => {
    while (decoder.next()) {
      const { descriptor, values } = decoder.read();
      const delta = decoder.time - (lines.before ?? decoder.time);
      lines.before = decoder.time;
      decoded++;
      parts.push(Buffer.from(simpletraceLine(descriptor, values, delta, decoder.thread)));
    }
  };
  const lines: TextLines = {
    before: null,
    chunk,
    text: (printed) => void parts.push(printed),
    flush: () => Promise.resolve(),
  };
  await readEvents(file, { traceEvents: `${file}-events`, ...(direct && { lines }) }, chunk);
  return { text: Buffer.concat(parts).toString(), decoded };
}

describe("the lines of a simple trace", () => {
  it("are the same whether its records are printed as they are or decoded first", async () => {
    const file = await temporaryFile("trace");
    writeFileSync(`${file}-events`, descriptions);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), fc.boolean(), async (some, littleEndian) => {
        const trace = new SimpletraceBuilder(littleEndian);
        names.forEach((name, id) => trace.mapping(id, name));
        trace.event(1n, 5n, 7, 0x1234n);
        for (const step of some) step(trace);
        writeFileSync(file, trace.bytes());
        expect((await linesOf(file, true)).text).toBe((await linesOf(file, false)).text);
      }),
      { numRuns: 60 },
    );
  });

  it("are printed without decoding where records have numbers only", async () => {
    const file = await temporaryFile("trace");
    writeFileSync(`${file}-events`, descriptions);
    const trace = new SimpletraceBuilder().mapping(1, "one");
    for (let at = 0n; at < 1000n; at++) trace.event(1n, 1000n * at, 7, at);
    writeFileSync(file, trace.bytes());
    const { text, decoded } = await linesOf(file, true);
    expect(text.split("\n")[999]).toBe("one 1.000 pid=7 address=0x3e7");
    // The first of each event: by then it is not known how to print it.
    expect(decoded).toBe(1);
  });
});
