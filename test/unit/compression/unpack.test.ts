import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressionOf } from "../../../src/compression/compressions";
import { unlz4 } from "../../../src/compression/lz4";

const fixture = (name: string): Buffer =>
  readFileSync(path.resolve(import.meta.dirname, "../../fixtures/compressed", name));
const packed: readonly (readonly [string, Uint8Array])[] = [
  ["gzip", gzipSync(Buffer.alloc(1 << 20, "some text that repeats"))],
  ["zstd", fixture("first.log.zst")],
  ["xz", fixture("first.log.xz")],
];

const unpackOf = (bytes: Uint8Array) => {
  const unpack = compressionOf(bytes, "file");
  if (unpack === null) throw new Error("not packed");
  return unpack;
};

describe.each(packed)("unpacking %s", (_, bytes) => {
  it("ends with the error of who gives the bytes, unchanged", async () => {
    const failure = new DOMException("stopped", "AbortError");
    // eslint-disable-next-line @typescript-eslint/require-await -- unpackers take chunks that may have to be waited for
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 20);
      throw failure;
    }
    const reading = (async () => {
      for await (const piece of unpackOf(bytes)(failing())) expect(piece.length).toBeGreaterThan(0);
    })();
    await expect(reading).rejects.toBe(failure);
  });

  it("lets go of the bytes when nobody wants more", async () => {
    let isLetGo = false;
    // eslint-disable-next-line @typescript-eslint/require-await -- as above
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield bytes.subarray(0, bytes.length - 1);
        for (;;) yield bytes.subarray(bytes.length);
      } finally {
        isLetGo = true;
      }
    }
    for await (const piece of unpackOf(bytes)(endless())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => isLetGo).toBe(true);
  });
});

describe("unpacking LZ4", () => {
  it("takes no more memory for small blocks than they need", async () => {
    const head = [0x02, 0x21, 0x4c, 0x18];
    // One literal.
    const block = [2, 0, 0, 0, 0x10, 0x61];
    // eslint-disable-next-line @typescript-eslint/require-await -- as above
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.from([...head, ...block, ...block]);
    }
    for await (const piece of unlz4(chunks())) {
      expect(Buffer.from(piece).toString()).toBe("a");
      expect(piece.buffer.byteLength).toBe(1);
    }
  });
});
