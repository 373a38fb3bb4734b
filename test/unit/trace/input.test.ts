import { spawnSync } from "node:child_process";
import {
  closeSync,
  createWriteStream,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { importTrace, unpackOrImport } from "../../../src/trace/import/importTrace";
import { openInput } from "../../../src/trace/import/input/openInput";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";

const fixtures = path.join(import.meta.dirname, "../../fixtures");
/** Paths of the files that this process has open. */
const openFiles = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((descriptor) => {
    const link = `/proc/self/fd/${descriptor}`;
    return existsSync(link) ? [readlinkSync(link)] : [];
  });

const compressed = (name: string): Buffer => readFileSync(path.join(fixtures, "compressed", name));

const line = (index: number): string =>
  `Trace 0: 0x7f3524000100 [0000000000000000/${(0x1000 + index).toString(16).padStart(16, "0")}/0040c2b0/ff000200] \n`;
const log = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => line(from + index)).join("");

/** Imports a file with these bytes; answers the executed addresses in order, and why they are not to be trusted. */
async function imported(bytes: Uint8Array): Promise<{ executed: number[]; reasons: readonly string[] }> {
  const output = await temporaryFile();
  writeFileSync(`${output}.in`, bytes);
  await importTrace(`${output}.in`, output);
  const trace = await openTraceFile(output);
  const executed = decodeTrace(trace).flatMap(({ blocks }) =>
    [...blocks].map((block) => Number(trace.blocks.address[block])),
  );
  return { executed, reasons: trace.metadata.capture?.reasons ?? [] };
}

const numbers = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => 0x1000 + from + index);

const members: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
  ["gzip", gzipSync(log(0, 1500)), gzipSync(log(1500, 1500))],
  ["zstd", compressed("first.log.zst"), compressed("second.log.zst")],
  ["xz", compressed("first.log.xz"), compressed("second.log.xz")],
];

describe.each(members)("a %s file", (name, first, second) => {
  it("opens as what is in it", async () => {
    const { executed, reasons } = await imported(first);
    expect(executed).toHaveLength(1500);
    expect(reasons).toEqual([]);
  });

  it("is read to the end of its last member", async () => {
    const { executed, reasons } = await imported(Buffer.concat([first, second]));
    expect(executed).toHaveLength(3000);
    expect(reasons).toEqual([]);
  });

  it("gives what is whole when it is cut off, and says so", async () => {
    const { executed, reasons } = await imported(Buffer.concat([first, second.subarray(0, second.length - 1)]));
    expect(executed.length).toBeGreaterThanOrEqual(1500);
    expect(reasons.join(" ")).toMatch(new RegExp(`${name} file is .*cut off`));
  });

  it("is never a defect, whatever its bytes are", async () => {
    const output = await temporaryFile();
    const flips = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(), async (changes, cut) => {
        const bytes = Buffer.from(first);
        for (const { at, byte } of changes) bytes[6 + (at % (bytes.length - 6))] = byte;
        writeFileSync(`${output}.in`, bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length));
        await importTrace(`${output}.in`, output).catch((error: unknown) =>
          expect(error).toBeInstanceOf(BootscopeError),
        );
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe("a compressed input", () => {
  it("has every line before a cut at any byte of a gzip file", async () => {
    const bytes = gzipSync(log(0, 40));
    for (let cut = 100; cut < bytes.length; cut += 7) {
      const { executed } = await imported(bytes.subarray(0, cut)).catch(() => ({ executed: [] as number[] }));
      expect(executed).toEqual(numbers(0, executed.length));
    }
    expect((await imported(bytes.subarray(0, bytes.length - 8))).executed).toEqual(numbers(0, 40));
  });

  it("can be peeked at before it is read", async () => {
    const file = await temporaryFile();
    writeFileSync(file, gzipSync(log(0, 3000)));
    const input = await openInput(file);
    const start = Buffer.alloc(100_000);
    expect(await input.peek(start)).toEqual({ bytes: 100_000, whole: false });
    expect(await input.peek(Buffer.alloc(10))).toEqual({ bytes: 10, whole: false });
    const all = Buffer.alloc(1_000_000);
    const length = await input.read(all);
    await input.close();
    expect(all.toString("latin1", 0, length)).toBe(log(0, 3000));
    expect(start.equals(all.subarray(0, 100_000))).toBe(true);
    expect(input.problem).toBeNull();
    expect(input.bytesDone).toBe(input.bytesTotal);
  });

  it("may be a recording, which is unpacked as it is", async () => {
    const output = await temporaryFile();
    const recording = readFileSync(path.join(fixtures, "early-boot.bst"));
    writeFileSync(`${output}.gz`, gzipSync(recording));
    await unpackOrImport(`${output}.gz`, output, {});
    expect(readFileSync(output).equals(recording)).toBe(true);
    expect(readdirSync(path.dirname(output)).sort()).toEqual([path.basename(output), `${path.basename(output)}.gz`]);
  });

  it("is refused in a form that cannot be unpacked", async () => {
    const file = await temporaryFile();
    for (const magic of ["BZh91AY&SY", "\x04\x22\x4d\x18 lz4"]) {
      writeFileSync(file, Buffer.from(magic, "latin1"));
      await expect(importTrace(file, `${file}.bst`)).rejects.toMatchObject({ code: "unsupported" });
    }
  });

  it("is refused when it would need gigabytes to unpack", async () => {
    const file = await temporaryFile();
    // A frame header that asks for a window of 2^41 bytes.
    writeFileSync(file, Buffer.concat([Buffer.from("28b52ffd00f8", "hex"), Buffer.alloc(64)]));
    await expect(importTrace(file, `${file}.bst`)).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("a named pipe", () => {
  async function pipe(): Promise<string> {
    const file = await temporaryFile();
    expect(spawnSync("mkfifo", [`${file}.pipe`]).status).toBe(0);
    return `${file}.pipe`;
  }

  it("is read to its end, also when nobody writes to it yet", async () => {
    const file = await pipe();
    const import_ = importTrace(file, `${file}.bst`);
    await setTimeout(100);
    const writer = createWriteStream(file);
    for (let part = 0; part < 10; part++) {
      writer.write(log(part * 2000, 2000));
      await setTimeout(5);
    }
    writer.end();
    expect(await import_).toMatchObject({ executions: 20_000 });
  });

  it("is closed at once when it is refused, though its writer says nothing more", async () => {
    const file = await pipe();
    const writer = openSync(file, "r+");
    writeSync(writer, "T:1:14 :1:36 \n");
    await expect(importTrace(file, `${file}.bst`)).rejects.toMatchObject({ code: "unsupported" });
    closeSync(writer);
    expect(openFiles()).not.toContain(file);
  });

  it("is closed when its compression cannot be read", async () => {
    const file = await pipe();
    const writer = openSync(file, "r+");
    writeSync(writer, "BZh91AY&SY");
    await expect(importTrace(file, `${file}.bst`)).rejects.toMatchObject({ code: "unsupported" });
    closeSync(writer);
    expect(openFiles()).not.toContain(file);
  });

  it("may carry a compressed trace", async () => {
    const file = await pipe();
    const import_ = importTrace(file, `${file}.bst`);
    createWriteStream(file).end(compressed("first.log.xz"));
    expect(await import_).toMatchObject({ executions: 1500 });
  });

  it("is let go when the import is cancelled, with or without a writer", async () => {
    const file = await pipe();
    const waiting = new AbortController();
    const waitingImport = importTrace(file, `${file}.bst`, { signal: waiting.signal });
    waiting.abort();
    await expect(waitingImport).rejects.toMatchObject({ name: "AbortError" });

    const reading = new AbortController();
    const readingImport = importTrace(file, `${file}.bst`, { signal: reading.signal });
    const writer = createWriteStream(file);
    writer.on("error", () => undefined); // nobody reads any more
    writer.write(log(0, 100));
    await setTimeout(100);
    reading.abort();
    await expect(readingImport).rejects.toMatchObject({ name: "AbortError" });
    writer.destroy();
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });
});
