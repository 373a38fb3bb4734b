/** Simple traces of version 0 (QEMU 0.14 to 1.1): records of 64 bytes. These releases had no events of executions. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../../src/trace/events/eventChunks";
import { namedValues, valueText } from "../../../src/trace/events/eventText";
import { importTrace } from "../../../src/trace/import/importTrace";
import { temporaryFile } from "../../support/buildTrace";
import { allOnes, droppedId, fixedHeader, fixedRecord } from "../../support/oldSimpletrace";

const traceEvents = `qemu_vmalloc(size_t size, void *ptr) "size %zu ptr %p"
disable unused_here(int a) "%d"
bdrv_open(const char *name, int64_t offset) "%s at %"PRId64
virtio_blk_req(void *a, int b, int c, int d, int e, uint64_t f) "%p %d %d %d %d %"PRIu64
`;

const records = (littleEndian = true): Buffer[] => [
  fixedHeader(littleEndian),
  fixedRecord(0n, 1000n, [4096n, 2n ** 53n + 1n], littleEndian),
  fixedRecord(1n, 900n, [0x7f00n, 2n ** 64n - 3n], littleEndian), // its time steps back, its text is a pointer
  fixedRecord(2n, 1000n, [1n, 2n, 3n, 4n, 5n, 6n], littleEndian),
  fixedRecord(9n, 1100n, [7n], littleEndian), // a number that no event has
];
const names = [
  "0 qemu_vmalloc size=4096 ptr=0x20000000000001",
  "-100 bdrv_open name=0x7f00 offset=-3",
  "0 virtio_blk_req a=0x1 b=2 c=3 d=4 e=5 f=6",
  "100 unknown_9",
];

/** A trace beside its trace-events: its events as they are read at once, and how an import of it went. */
async function read(bytes: Buffer) {
  const file = await temporaryFile("old.trace");
  writeFileSync(file, bytes);
  writeFileSync(path.join(path.dirname(file), "trace-events"), traceEvents);
  const found: string[] = [];
  let first: bigint | null = null;
  await readEvents(file, {}, (decoder) => {
    while (decoder.next()) {
      const { descriptor, values } = decoder.read();
      const { time } = decoder;
      first ??= time;
      const described = descriptor.name.startsWith("unknown") ? [] : namedValues(descriptor, values);
      const given = described.map((value) => `${value.name}=${valueText(value)}`);
      found.push([time - first, descriptor.name, ...given].join(" "));
    }
  });
  return { found, result: await importTrace(file, `${file}.bst`) };
}

describe("a simple trace of version 0", () => {
  it.each([true, false])("has its events in either byte order (little-endian: %s)", async (littleEndian) => {
    const { found, result } = await read(Buffer.concat(records(littleEndian)));
    expect(found).toEqual(names);
    expect(result).toMatchObject({ format: "simpletrace", executions: 0, events: 4, dropped: 0 });
  });

  it("may have lost records, told of at time zero", async () => {
    const lost = fixedRecord(droppedId, 0n, [2n ** 32n + 5n]);
    const { found, result } = await read(Buffer.concat([...records(), lost, fixedRecord(0n, 1200n, [1n, 2n])]));
    expect(found.slice(4)).toEqual([
      "-1000 Dropped_Event num_events_dropped=4294967301",
      "200 qemu_vmalloc size=1 ptr=0x2",
    ]);
    expect(result.dropped).toBe(2 ** 32 + 5);
  });

  it("has every whole record before a cut at any byte", async () => {
    const whole = Buffer.concat(records());
    for (let length = 2 * 64; length <= whole.length; length += 29) {
      expect((await read(whole.subarray(0, length))).found).toEqual(names.slice(0, Math.floor(length / 64) - 1));
    }
  });

  it("may be followed by another", async () => {
    const { found } = await read(Buffer.concat([...records(), ...records(false)]));
    expect(found).toEqual([...names, ...names]);
  });

  it("is read up to bytes that are no record", async () => {
    const { found, result } = await read(Buffer.concat([...records(), Buffer.alloc(128, 0x77)]));
    expect(found).toEqual(names);
    expect(result.trust.mode).toBe("incomplete");
  });

  it("is refused when it ends with its header", async () => {
    await expect(read(fixedHeader())).rejects.toMatchObject({ code: "not-a-trace" });
    await expect(read(fixedHeader().subarray(0, 40))).rejects.toMatchObject({ code: "not-a-trace" });
  });

  it("is read up to a record that has a header's number and is none", async () => {
    const { found } = await read(Buffer.concat([...records(), fixedRecord(allOnes, 5n, [])]));
    expect(found).toEqual(names);
  });
});
