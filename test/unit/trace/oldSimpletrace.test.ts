import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";
import { droppedId, event, header } from "../../support/oldSimpletrace";

const traceEvents = `# See docs/tracing.txt
# disable commented(int a) "%d"

qemu_memalign(size_t alignment, void *ptr) "alignment %zu ptr %p"
disable qxl_io(int qid) "%d"
vcpu tcg guest_mem_before(TCGv vaddr) "info=%d", "vaddr=%d"
exec_tb(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
disable exec_tb_nocache(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
exec_tb_exit(void *next_tb, unsigned int flags) "tb:%p flags=%x"
`;

/** Imports bytes as a file beside `traceEvents`; answers the executed addresses too. */
async function imported(bytes: Buffer, events: string | null = traceEvents) {
  const output = await temporaryFile();
  const input = `${output}.trace`;
  writeFileSync(input, bytes);
  if (events !== null) writeFileSync(path.join(path.dirname(output), "trace-events"), events);
  const result = await importTrace(input, output);
  const trace = await openTraceFile(output);
  const blocks = decodeTrace(trace).flatMap((chunk) => chunk.blocks);
  return { result, executed: blocks.map((block) => trace.blocks.address[block].toString(16)) };
}

describe.each([
  { version: 2n, execTb: 2n, exit: 3n },
  { version: 3n, execTb: 4n, exit: 6n },
])("an imported simple trace of version $version", ({ version, execTb, exit }) => {
  const parts = (littleEndian = true): Buffer[] => [
    header(version, littleEndian),
    event(execTb, 1000n, [0x7f00n, 0xfff0n], littleEndian),
    event(0n, 1100n, [16n, 0x7f11n], littleEndian), // another event with two arguments
    event(99n, 1150n, [1n, 2n, 3n], littleEndian), // an id that no name has, of another length
    event(execTb, 1200n, [0x7f40n, 0xffffffff81000000n], littleEndian),
    event(exit, 1250n, [0x7f40n, 3n], littleEndian), // left before it ran
    event(execTb, 1300n, [0x7f40n, 0xffffffff81000000n], littleEndian),
  ];

  it.each([true, false])("is read in either byte order (little-endian: %s)", async (littleEndian) => {
    const { result, executed } = await imported(Buffer.concat(parts(littleEndian)));
    expect(executed).toEqual(["fff0", "ffffffff81000000"]);
    expect(result).toMatchObject({ format: "simpletrace", endTime: 300, dropped: 0 });
    expect(result.trust.reasons.join(" ")).toContain("trace-events file beside the trace");
  });

  it("goes on over a second header, and counts what QEMU lost", async () => {
    const bytes = Buffer.concat([...parts(), event(droppedId, 1n, [7n]), ...parts()]);
    const { result, executed } = await imported(bytes);
    expect(executed.length).toBe(4);
    expect(result).toMatchObject({ dropped: 7, trust: { mode: "chained" } });
  });

  it("is read up to a cut at any byte, and up to damage", async () => {
    const bytes = Buffer.concat(parts());
    for (let cut = 1; cut < 40; cut++) {
      const { result, executed } = await imported(bytes.subarray(0, bytes.length - cut));
      expect(executed).toEqual(["fff0"]);
      expect(result.trust.reasons.join(" ")).toContain("middle of a record");
    }
    const { result } = await imported(Buffer.concat([bytes, Buffer.alloc(64, 0x77)]));
    expect(result).toMatchObject({ executions: 2, trust: { mode: "chained" } });
  });

  it("is refused without a trace-events file that has exec_tb", async () => {
    await expect(imported(Buffer.concat(parts()), null)).rejects.toMatchObject({ code: "unsupported" });
    await expect(imported(Buffer.concat(parts()), "\0\xff(")).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("a stream without a header, of QEMU 2.2 to 2.7", () => {
  const records = (littleEndian: boolean): Buffer =>
    Buffer.concat(
      Array.from({ length: 12 }, (_, index) =>
        index % 3 === 0
          ? event(0n, BigInt(1_000_000 + index), [64n, 0x7f00n], littleEndian)
          : event(4n, BigInt(1_000_000 + index), [0x7f00n, BigInt(0x1000 + index)], littleEndian),
      ),
    );

  it.each([true, false])(
    "has the numbers of version 3, whose tcg events have two; little-endian: %s",
    async (order) => {
      const { result, executed } = await imported(records(order));
      expect(executed).toEqual(["1001", "1002", "1004", "1005", "1007", "1008", "100a", "100b"]);
      expect(result).toMatchObject({ format: "simpletrace", events: 4, endTime: 10 });
    },
  );

  it("is read up to a cut at any byte behind its second record", async () => {
    const whole = records(true);
    for (let length = 2 * 40; length <= whole.length; length += 13) {
      const { result } = await imported(whole.subarray(0, length));
      expect(result.executions + result.events).toBe(Math.floor(length / 40));
    }
  });

  it("is refused without the trace-events file of its QEMU, and one record alone is none", async () => {
    await expect(imported(records(true), null)).rejects.toMatchObject({ code: "unsupported" });
    await expect(imported(records(true).subarray(0, 40))).rejects.toMatchObject({ code: "not-a-trace" });
    await expect(imported(Buffer.alloc(4096))).rejects.toMatchObject({ code: "not-a-trace" });
  });
});
