import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractedInitramfs } from "../../../../src/engine/guestFiles/extractInitramfs";
import { initramfsFiles } from "../../../../src/engine/guestFiles/initramfs";
import { writeCpio } from "../../../../src/qemu/cpio";

const fixtures = path.resolve(import.meta.dirname, "../../../fixtures/initramfs");
const program = readFileSync(path.join(fixtures, "true"));
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-initramfs-"));
  file = path.join(folder, "initrd");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Listed {
  readonly name: string;
  readonly bytes: Buffer | null;
}

async function list(archive: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const { name, content } of initramfsFiles(archive)) {
    const bytes = await content();
    found.push({ name, bytes: bytes && Buffer.from(bytes) });
  }
  return found;
}

const names = async (bytes: Uint8Array): Promise<string[]> => {
  writeFileSync(file, bytes);
  return (await list(file)).map(({ name }) => name);
};

const regular = (name: string, content: Uint8Array) => ({ name, mode: 0o100644, content });

describe("an initial RAM disk", () => {
  it.each(["gz", "xz", "zst", "lz4"])("is read when it is compressed: %s", async (kind) => {
    const found = await list(path.join(fixtures, `small.cpio.${kind}`));
    expect(found.map(({ name }) => name)).toEqual(["bin/true", "zeros", "text"]);
    expect(found[0].bytes?.equals(program)).toBe(true);
    expect(found[1].bytes?.equals(Buffer.alloc(200_000))).toBe(true);
    expect(found[2].bytes?.toString()).toBe("hello\n");
  });

  it("may be archives one after the other, of which the last is compressed", async () => {
    const microcode = writeCpio([
      { name: "kernel", mode: 0o040755 },
      regular("kernel/microcode.bin", Buffer.from("x")),
    ]);
    const second = writeCpio([regular("second", Buffer.from("yy"))]);
    const packed = gzipSync(writeCpio([regular("bin/true", program)]));
    const whole = Buffer.concat([microcode, Buffer.alloc(512), second, Buffer.alloc(4), packed]);
    expect(await names(whole)).toEqual(["kernel/microcode.bin", "second", "bin/true"]);
  });

  it("gives what is before damage, wherever it is cut", async () => {
    const whole = writeCpio([regular("a", Buffer.from("1")), regular("bb", Buffer.alloc(300)), regular("c", program)]);
    const packed = gzipSync(whole);
    for (const bytes of [whole, packed]) {
      for (let length = 0; length < bytes.length; length += 13) {
        const found = await names(bytes.subarray(0, length));
        expect(["a", "bb", "c"].slice(0, found.length)).toEqual(found);
      }
    }
  });

  it("never fails by itself, whatever the bytes are", async () => {
    const whole = writeCpio([regular("a", Buffer.from("1")), regular("bb", Buffer.alloc(300))]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), async (at, noise) => {
        const bytes = Buffer.from(whole);
        bytes.set(noise.subarray(0, bytes.length - at), at);
        expect((await names(bytes)).length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 200 },
    );
    const lz4 = readFileSync(path.join(fixtures, "small.cpio.lz4"));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: lz4.length - 1 }), fc.nat(255), async (at, value) => {
        const bytes = Buffer.from(lz4);
        bytes[at] = value;
        expect((await names(bytes)).length).toBeLessThan(200);
      }),
      { numRuns: 100 },
    );
  });

  it("says with what it is compressed when that is not known", async () => {
    writeFileSync(file, Buffer.concat([Buffer.from("BZh9"), Buffer.alloc(100, 1)]));
    await expect(list(file)).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("its programs and modules", () => {
  const extracted = async (bytes: Uint8Array): Promise<string[]> => {
    writeFileSync(file, bytes);
    const target = await extractedInitramfs(file, path.join(folder, "cache"));
    if (target === null) return [];
    const all = readdirSync(target, { recursive: true, withFileTypes: true });
    const paths = all.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return paths.map((name) => path.relative(target, name)).sort();
  };

  it("are extracted, and nothing else is", async () => {
    const archive = writeCpio([
      regular("init", Buffer.from("#!/bin/sh\n")),
      regular("bin/true", program),
      regular("lib/modules/a.ko.gz", gzipSync(program)),
      regular("lib/modules/b.ko.gz", gzipSync(Buffer.from("no module"))),
      regular("lib/modules/c.ko.gz", Buffer.from("no gzip")),
    ]);
    expect(await extracted(archive)).toEqual(["bin/true", "lib/modules/a.ko"]);
  });

  it("stay inside their folder, whatever they are called", async () => {
    const archive = writeCpio([regular("../../../evil", program), regular("/etc/../absolute", program)]);
    expect(await extracted(archive)).toEqual(["etc/absolute", "evil"]);
    expect(readdirSync(folder)).not.toContain("evil");
  });

  it("are none when there is no such file", async () => {
    expect(await extractedInitramfs(path.join(folder, "absent"), path.join(folder, "cache"))).toBeNull();
    expect(await extractedInitramfs(folder, path.join(folder, "cache"))).toBeNull();
  });
});
