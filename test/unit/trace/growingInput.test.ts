/** Traces that come in pieces, as from a pipe or a file that is being written, become what they become at once. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executionHeadBytes } from "../../../src/trace/executionHead";
import { detectFormat } from "../../../src/trace/import/detect";
import type { Peeked, TraceInput } from "../../../src/trace/import/input/traceInput";
import type { ImportResult } from "../../../src/trace/import/traceFormat";
import { openTraceFile } from "../../../src/trace/reader";
import { TraceWriter } from "../../../src/trace/writer";
import { countEvents } from "../../../src/trace/events/eventChunks";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";
import { SimpletraceBuilder } from "../../support/simpletraceBuilder";

const fixtures = path.join(import.meta.dirname, "../../fixtures");

/** Gives no more than so many bytes at a time. */
class Pieces implements TraceInput {
  readonly path = "/nowhere/qemu.log";
  readonly files = [this.path];
  readonly notes = [];
  readonly file = null;
  readonly problem = null;
  bytesDone = 0;
  private read_ = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly sizes: readonly number[],
  ) {}

  get bytesTotal(): number {
    return this.bytes.length;
  }

  peek(into: Uint8Array): Promise<Peeked> {
    const part = this.bytes.subarray(0, into.length);
    into.set(part);
    return Promise.resolve({ bytes: part.length, whole: part.length < into.length });
  }

  read(into: Uint8Array): Promise<number> {
    const size = this.sizes[this.read_++ % this.sizes.length];
    const part = this.bytes.subarray(this.bytesDone, this.bytesDone + Math.min(size, into.length));
    into.set(part);
    this.bytesDone += part.length;
    return Promise.resolve(part.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a trace held at some moment: the addresses of each vCPU, and the number of events. */
interface Look {
  readonly executed: string[];
  readonly events: number;
}

interface Imported extends Look {
  /** All blocks, the chunks of executions and those of events, but for how many blocks were known when a chunk was written. */
  readonly content: unknown;
  /** What was in it while it was written. */
  readonly looks: readonly Look[];
}

async function importInPieces(bytes: Uint8Array, sizes: readonly number[]): Promise<Imported> {
  const output = await temporaryFile();
  const input = new Pieces(bytes, sizes);
  const { import: importer } = await detectFormat(input);
  if (importer === null) throw new Error("not a foreign trace");
  const writer = await TraceWriter.create(output, 400);
  const looks: Promise<Look>[] = [];
  const result = await importer(input, writer, {
    progress: () => {
      looks.push(writer.tail({}).then((tail) => look(writer.partPath, tail)));
    },
  });
  const seen = await Promise.all(looks);
  await writer.finish(result.endTime, "imported");
  const { blocks, chunks, events } = await openTraceFile(output);
  const file = readFileSync(output);
  const content = {
    addresses: [...blocks.address],
    chunks: chunks.map(({ offset, length, ...head }) => ({
      ...head,
      crc: 0,
      records: file.toString("hex", offset + executionHeadBytes, offset + length),
    })),
    events: events.map(({ offset, length }) => file.toString("hex", offset, offset + length)),
  };
  return { ...(await look(output)), looks: seen, content };
}

async function look(file: string, tail?: { at: number; bytes: Uint8Array }): Promise<Look> {
  const trace = await openTraceFile(file, tail === undefined ? {} : { tail });
  const executed: string[] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    const { vcpu } = trace.chunks[index];
    executed[vcpu] = (executed[vcpu] ?? "") + [...blocks].map((block) => `${trace.blocks.address[block]} `).join("");
  });
  expect(trace.damage.skippedBytes).toBe(0);
  return { executed, events: countEvents(trace.events) };
}

const execLine = (index: number): string => {
  const address = (0x1000 + ((index * index) % 37) * 16).toString(16).padStart(16, "0");
  return `Trace ${index % 3 === 0 ? 1 : 0}: 0x7f3524000100 [0000000000000000/${address}/0040c2b0/ff000200] \n`;
};
const execLog = Buffer.from(
  Array.from({ length: 400 }, (_, index) =>
    index % 50 === 49 ? "Stopped execution of TB chain before 0x7f3524000100 [0000000000001000] \n" : execLine(index),
  ).join(""),
);

function simpletrace(): Buffer {
  const builder = new SimpletraceBuilder().mapping(0, "exec_tb").mapping(1, "virtio_notify");
  for (let index = 0; index < 200; index++) {
    const time = BigInt(1000 + index * 7);
    if (index % 9 === 4) builder.event(1n, time, 77, BigInt(index), 5n);
    else builder.event(0n, time, 77, 0x7f00n, BigInt(0x1000 + (index % 11) * 8));
  }
  return builder.bytes();
}

const sources: readonly (readonly [string, Uint8Array])[] = [
  ["a log of executions", execLog],
  ["a log of events", gunzipSync(readFileSync(path.join(fixtures, "events-devices.log.gz"))).subarray(0, 40_000)],
  ["a simple trace", simpletrace()],
];

describe.each(sources)("%s that comes in pieces", (_name, bytes) => {
  it("becomes the same trace, however often somebody looks at it meanwhile", async () => {
    const whole = await importInPieces(bytes, [bytes.length]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1000, max: 9000 }), { minLength: 1, maxLength: 12 }),
        async (sizes) => {
          const { looks, content } = await importInPieces(bytes, sizes);
          expect(content).toEqual(whole.content);
          looks.forEach((seen, index) => {
            seen.executed.forEach((part, vcpu) => expect(whole.executed[vcpu].startsWith(part)).toBe(true));
            expect(seen.events).toBeGreaterThanOrEqual(looks[Math.max(0, index - 1)].events);
          });
          // All but what each of the vCPUs announced last, which nothing has confirmed.
          expect(looks.at(-1)?.events).toBe(whole.events);
          whole.executed.forEach((all, vcpu) => {
            const missing = all.slice(looks.at(-1)?.executed[vcpu]?.length ?? 0);
            expect(missing.trim().split(" ")).toHaveLength(1);
          });
        },
      ),
      { numRuns: 6 },
    );
  });
});

describe("what can be trusted of a text", () => {
  const texts = ["text", "backends", "plugins"].flatMap((folder) =>
    readdirSync(path.join(fixtures, folder))
      .filter((name) => /\.(?:log|txt)$/.test(name) && !name.startsWith("hotblocks"))
      .map((name) => path.join(folder, name)),
  );

  const onlyAtTheEnd = /ends in the middle of a line|have no disassembly/;

  it.each(texts)("is known while %s is read", async (name) => {
    const bytes = readFileSync(path.join(fixtures, name));
    const input = new Pieces(bytes, [bytes.length]);
    const { import: importer } = await detectFormat(input);
    const writer = await TraceWriter.create(await temporaryFile());
    let soFar: (() => ImportResult) | undefined;
    const seen: ImportResult[] = [];
    const result = await importer?.(input, writer, {
      tellSoFar: (tell) => (soFar = tell),
      progress: () => {
        if (soFar !== undefined) seen.push(soFar());
      },
    });
    await writer.discard();
    const { trust, format, stamped, dropped } = seen[seen.length - 1];
    expect({ trust, format, stamped, dropped }).toEqual({
      trust: {
        ...result?.trust,
        reasons: result?.trust.reasons.filter((reason) => !onlyAtTheEnd.test(reason)),
      },
      format: result?.format,
      stamped: result?.stamped,
      dropped: result?.dropped,
    });
  });
});
