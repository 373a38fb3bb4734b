/** What simple traces hold besides what they should (their round trip and cuts: simpletraceRoundTrip.test.ts). */
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFile } from "../../support/buildTrace";
import { importBytes } from "../../support/importBytes";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";

const tb = 0x7f3524000040n;
const start = (): SimpletraceBuilder => new SimpletraceBuilder().mapping(5, "exec_tb").mapping(6, "exec_tb_exit");
const execute = (builder: SimpletraceBuilder, time: bigint, pc: bigint, pid = 42): SimpletraceBuilder =>
  builder.event(5n, time, pid, tb, pc);

describe("a simple trace", () => {
  it.each([
    ["its header", new SimpletraceBuilder().bytes()],
    ["its mappings", start().bytes()],
    ["half a header", new SimpletraceBuilder().bytes().subarray(0, 12)],
  ])("that ends after %s is refused", async (_, bytes) => {
    await expect(importBytes(bytes)).rejects.toMatchObject({ code: "not-a-trace" });
  });

  it("may have times that are equal, step back, or are zero after lost records", async () => {
    const builder = start();
    for (const time of [1000n, 1000n, 900n, 2000n]) execute(builder, time, 0x10n);
    builder.event(2n ** 64n - 2n, 0n, 42, 3n);
    const { executed, result } = await importBytes(execute(builder, 1500n, 0x20n).bytes());
    expect(executed).toEqual([["10", "10", "10", "10", "20"]]);
    expect(result).toMatchObject({ stepsBack: 2, dropped: 3, endTime: 1000 });
  });

  it("may have times too far apart for a trace, which loses no execution", async () => {
    const builder = start();
    for (const time of [5n, 2n ** 64n - 1n, 7n, 8n]) execute(builder, time, time);
    expect((await importBytes(builder.bytes())).executed).toEqual([["5", "ffffffffffffffff", "7", "8"]]);
  });

  it("may have unknown numbers, and names for them only after their use", async () => {
    const builder = execute(execute(start(), 1n, 0x10n).event(99n, 2n, 42, 1n), 3n, 0x20n);
    builder.event(7n, 4n, 42, tb, 0x30n).mapping(7, "exec_tb").event(7n, 5n, 42, tb, 0x40n);
    expect((await importBytes(execute(builder, 6n, 0x50n).bytes())).executed).toEqual([["10", "20", "40"]]);
  });

  it("may have executions of another length than QEMU's, which are skipped by it", async () => {
    const builder = execute(start(), 1n, 0x10n).event(5n, 2n, 42, tb).event(5n, 3n, 42, tb, 0x20n, 0x30n);
    expect((await importBytes(execute(builder, 4n, 0x40n).bytes())).executed).toEqual([["10", "40"]]);
  });

  it("may lie beside the trace-events of another QEMU: by their lengths, no record is lost", async () => {
    const builder = execute(start(), 1n, 0x10n).mapping(8, "longer").mapping(9, "shorter").mapping(10, "text");
    builder
      .event(8n, 2n, 42, 1n)
      .event(9n, 3n, 42, 1n, 2n, 3n)
      .event(10n, 4n, 42, 2n ** 64n - 1n);
    const bytes = execute(builder, 5n, 0x20n).bytes();
    const described = await temporaryFile("trace-events");
    writeFileSync(
      described,
      'longer(int a, int b) "%d %d"\nshorter(int a) "%d"\ntext(const char *a) "%s"\nexec_tb(int a) "%d"\n',
    );
    const { executed, result } = await importBytes(bytes, { traceEvents: described });
    expect(executed).toEqual([["10", "20"]]);
    expect(result.events).toBe(3);
  });

  it("may use a block's place in memory again, which means nothing", async () => {
    const builder = execute(execute(start(), 1n, 0x10n), 2n, 0x20n).event(6n, 3n, 42, tb, 0n);
    expect((await importBytes(execute(builder, 4n, 0x10n).bytes())).executed).toEqual([["10", "20", "10"]]);
  });

  it("may have addresses above 2^53, which stay exact", async () => {
    const addresses = [2n ** 53n + 1n, 2n ** 64n - 1n, 2n ** 63n + 1n];
    const builder = addresses.reduce((built, pc, index) => execute(built, BigInt(index), pc), start());
    expect((await importBytes(builder.bytes())).executed).toEqual([addresses.map((pc) => pc.toString(16))]);
  });

  it("may be of several processes, also of number 4194304", async () => {
    const builder = start();
    [42, 4194304, 4194304, 42, 42].forEach((pid, index) => execute(builder, BigInt(index), BigInt(index + 1), pid));
    expect((await importBytes(builder.bytes())).executed).toEqual([
      ["1", "4", "5"],
      ["2", "3"],
    ]);
  });

  it("may be followed by another, in the other byte order and with other numbers", async () => {
    const second = new SimpletraceBuilder(false).mapping(6, "exec_tb").event(6n, 9n, 42, tb, 0x30n);
    const first = execute(execute(start(), 1n, 0x10n), 2n, 0x20n);
    expect((await importBytes(Buffer.concat([first.bytes(), second.bytes()]))).executed).toEqual([["10", "20", "30"]]);
  });

  it("may be damaged anywhere: it is read up to there or refused, and never a defect", async () => {
    const builder = start();
    for (let index = 0n; index < 20n; index++) execute(builder, index, index);
    const whole = builder.bytes();
    const flip = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async (flips) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of flips) bytes[at] = value;
        const outcome = await importBytes(bytes, { blockBytes: 128 }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: "BootscopeError" });
        else expect(outcome).toHaveProperty("result.format");
      }),
      { numRuns: 80 },
    );
  });
});
