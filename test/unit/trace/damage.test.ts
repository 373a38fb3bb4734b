import fc from "fast-check";
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { chunkHeadBytes, parseChunkHead, writeChunkHead } from "../../../src/trace/chunk";
import { openTraceFile } from "../../../src/trace/reader";
import { ChunkKind } from "../../../src/trace/types";
import { buildTraceFile, temporaryFile } from "../../support/buildTrace";
import { decodeTrace, executedBlocks } from "../../support/decodeTrace";

const blocks = Array.from({ length: 20 }, (_, index) => ({
  address: 0xffffffff81000000n + BigInt(index * 16),
  size: 16,
}));
/** Executions that the predictor mostly gets wrong, so that small chunks hold few of them. */
const stream = (seed: number): number[] =>
  Array.from({ length: 400 }, (_, index) => (Math.imul(index + seed, 2654435761) >>> 8) % 20);
const streams = [stream(1), stream(2)];

interface Place {
  readonly at: number;
  readonly kind: ChunkKind | null;
  readonly end: number;
}

let whole: Buffer;
let places: Place[];

/** Where the file's chunks are. */
function chunkPlaces(bytes: Buffer): Place[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Place[] = [];
  for (let at = 64; at < bytes.length;) {
    const head = parseChunkHead(view, at)!;
    const end = at + chunkHeadBytes + head.extentLength;
    found.push({ at, kind: head.kind, end });
    at = end;
  }
  return found;
}

async function withBytes(bytes: Uint8Array): Promise<string> {
  const file = await temporaryFile();
  writeFileSync(file, bytes);
  return file;
}

const isPrefix = (part: readonly number[], all: readonly number[]): boolean =>
  part.length <= all.length && part.every((block, index) => all[index] === block);

describe("a damaged file", () => {
  it("is built from several chunks", async () => {
    const file = await buildTraceFile({ blocks, vcpus: streams, payloadBytes: 200 });
    whole = readFileSync(file);
    places = chunkPlaces(whole);
    expect(places.filter(({ kind }) => kind === ChunkKind.Executions).length).toBeGreaterThan(6);
  });

  it("keeps every chunk that is whole before a cut, wherever that is", async () => {
    const file = await withBytes(whole);
    for (let length = whole.length - 8; length >= 64; length -= 13) {
      writeFileSync(file, whole.subarray(0, length));
      const trace = await openTraceFile(file);
      expect(trace.damage.truncated).toBe(true);
      const wholeChunks = places.filter(({ kind, end }) => kind === ChunkKind.Executions && end <= length);
      const decoded = decodeTrace(trace);
      wholeChunks.forEach((_, index) => expect(decoded[index].intact).toBe(true));
      expect(trace.chunks.length - wholeChunks.length).toBeLessThanOrEqual(1);
      executedBlocks(trace).forEach((executed, vcpu) => expect(isPrefix(executed, streams[vcpu])).toBe(true));
    }
  });

  it("opens the written part of a chunk that was cut", async () => {
    const cut = places.filter(({ kind, at, end }) => kind === ChunkKind.Executions && end - at > 200).at(-1)!;
    const trace = await openTraceFile(await withBytes(whole.subarray(0, cut.end - 50)));
    const decoded = decodeTrace(trace).at(-1)!;
    expect(trace.chunks.at(-1)!.sealed).toBe(false);
    expect(decoded.blocks.length).toBeGreaterThan(5);
    expect(isPrefix(executedBlocks(trace)[1], streams[1])).toBe(true);
  });

  it("does not fail, hang or lie on flipped bytes", async () => {
    const file = await temporaryFile();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.integer({ min: 16, max: whole.length - 1 }), value: fc.nat(255) }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (changes) => {
          const bytes = Buffer.from(whole);
          for (const { at, value } of changes) bytes[at] = value;
          writeFileSync(file, bytes);
          const trace = await openTraceFile(file);
          expect(trace.blocks.address.length).toBe(trace.blocks.count);
          const decoded = decodeTrace(trace);
          decoded.forEach(({ executions, blocks: executed }) => expect(executed.length).toBe(executions));
        },
      ),
      { numRuns: 80 },
    );
  });

  it("opens or refuses any bytes behind a good header", async () => {
    const file = await temporaryFile();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        writeFileSync(file, Buffer.concat([whole.subarray(0, 64), bytes]));
        const trace = await openTraceFile(file);
        expect(trace.damage.truncated).toBe(true);
        decodeTrace(trace);
      }),
      { numRuns: 60 },
    );
  });

  it("skips a chunk with a wrong checksum and counts what it held", async () => {
    const bytes = Buffer.from(whole);
    const executionPlaces = places.filter(({ kind }) => kind === ChunkKind.Executions);
    bytes[executionPlaces[1].at + chunkHeadBytes + 100] ^= 0x55;
    const trace = await openTraceFile(await withBytes(bytes));
    const decoded = decodeTrace(trace);
    expect(decoded.map(({ intact }) => intact)).toEqual(decoded.map((_, index) => index !== 1));
    expect(decoded[1].lostExecutions).toBe(trace.chunks[1].executions);
    const all = decoded.reduce((sum, chunk) => sum + chunk.executions + chunk.lostExecutions, 0);
    expect(all).toBe(800);
  });

  it("finds the chunks after one whose head is destroyed, and counts what it held", async () => {
    const bytes = Buffer.from(whole);
    const lost = places.filter(({ kind }) => kind === ChunkKind.Executions)[2];
    bytes.fill(0xaa, lost.at, lost.at + 16);
    const trace = await openTraceFile(await withBytes(bytes));
    const executed = decodeTrace(trace).reduce((sum, chunk) => sum + chunk.executions, 0);
    expect(trace.damage.skippedBytes).toBe(lost.end - lost.at);
    expect(trace.damage.lostExecutions).toBeGreaterThan(0);
    expect(executed + trace.damage.lostExecutions).toBe(800);
  });

  it("gives no block another's number when a chunk of blocks is lost", async () => {
    const bytes = Buffer.from(whole);
    const lost = places.find(({ kind }) => kind === ChunkKind.Blocks)!;
    bytes.fill(0xaa, lost.at, lost.at + 16);
    const trace = await openTraceFile(await withBytes(bytes));
    expect([...trace.blocks.address]).toEqual(Array(20).fill(0n));
    expect(executedBlocks(trace)).toEqual(streams);
  });

  it("reads a chunk that was being sealed when the recorder was killed", async () => {
    const bytes = Buffer.from(whole);
    const last = places.filter(({ kind }) => kind === ChunkKind.Executions).at(-1)!;
    bytes[last.at + 28] ^= 1;
    const trace = await openTraceFile(await withBytes(bytes));
    expect(trace.damage.truncated).toBe(true);
    expect(trace.chunks.at(-1)!.sealed).toBe(false);
    expect(executedBlocks(trace)).toEqual(streams);
  });

  it.each([0, 1])(
    "takes room that the killed recorder left at the end for no damage, %d chunk being sealed",
    async (sealing) => {
      const last = places.filter(({ kind }) => kind === ChunkKind.Executions).at(-1)!;
      const bytes = Buffer.concat([whole.subarray(0, last.end), Buffer.alloc(3 * 4096)]);
      if (sealing === 1) bytes[last.at + 28] ^= 1;
      const trace = await openTraceFile(await withBytes(bytes));
      expect(trace.damage).toEqual({ truncated: true, skippedBytes: 0, lostExecutions: 0 });
      expect(executedBlocks(trace)).toEqual(streams);
    },
  );

  it("skips kinds that it does not know", async () => {
    const bytes = Buffer.from(whole);
    const totals = places.find(({ kind }) => kind === ChunkKind.Totals)!;
    const head = parseChunkHead(new DataView(bytes.buffer, bytes.byteOffset), totals.at)!;
    writeChunkHead(bytes, totals.at, head);
    bytes.writeUInt16LE(999, totals.at + 4);
    const unknown = Buffer.from(bytes.subarray(totals.at, totals.at + chunkHeadBytes));
    writeChunkHead(unknown, 0, { ...head, kind: null });
    bytes.set(unknown, totals.at);
    const trace = await openTraceFile(await withBytes(bytes));
    expect(trace.damage).toEqual({ truncated: true, skippedBytes: 0, lostExecutions: 0 });
    expect(executedBlocks(trace)).toEqual(streams);
  });
});

describe("a file that is no trace", () => {
  beforeAll(() => expect(whole.length).toBeGreaterThan(64));

  it.each([
    ["empty", new Uint8Array(0), "not-a-trace"],
    [
      "foreign",
      Buffer.from("\x7fELF and so on, for more than sixty-four bytes, as programs usually have"),
      "not-a-trace",
    ],
  ])("is refused: %s", async (_, bytes, code) => {
    await expect(openTraceFile(await withBytes(bytes))).rejects.toMatchObject({ code });
  });

  it("is refused when it is cut in its header, or from the future", async () => {
    await expect(openTraceFile(await withBytes(whole.subarray(0, 63)))).rejects.toMatchObject({ code: "not-a-trace" });
    const future = Buffer.from(whole);
    future.writeUInt16LE(2, 8);
    await expect(openTraceFile(await withBytes(future))).rejects.toMatchObject({ code: "unsupported-version" });
    await expect(openTraceFile("/nowhere/at/all.bst")).rejects.toMatchObject({ code: "not-found" });
  });
});
