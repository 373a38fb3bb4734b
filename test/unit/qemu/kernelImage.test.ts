import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelTarget, targetOfImage } from "../../../src/qemu/kernelImage";

/** 4 KiB of something with a magic at an offset. */
function image(offset: number, magic: string | readonly number[]): Buffer {
  const bytes = Buffer.alloc(4096, 0x90);
  Buffer.from(typeof magic === "string" ? Buffer.from(magic, "latin1") : Uint8Array.from(magic)).copy(bytes, offset);
  return bytes;
}
function elf(machine: number): Buffer {
  const bytes = image(0, "\x7fELF\x02\x01\x01");
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

describe("targetOfImage", () => {
  it.each([
    ["bzImage", image(0x202, "HdrS"), "x86_64"],
    ["arm64 Image", image(0x38, "ARM\x64"), "aarch64"],
    ["riscv Image", image(0x38, "RSC\x05"), "riscv64"],
    ["arm zImage", image(0x24, [0x18, 0x28, 0x6f, 0x01]), "arm"],
    ["x86 vmlinux", elf(62), "x86_64"],
    ["arm64 vmlinux", elf(183), "aarch64"],
    ["ELF of another machine", elf(8), null],
    ["Image.gz", gzipSync(image(0x38, "ARM\x64")), "aarch64"],
    ["text", Buffer.from("no kernel\n".repeat(500)), null],
    ["nothing", Buffer.alloc(0), null],
  ])("knows %s", (_, bytes, target) => {
    expect(targetOfImage(bytes)).toBe(target);
  });

  it("knows an Image.gz by its first 4 KiB", () => {
    const large = Buffer.concat([image(0x38, "RSC\x05"), Buffer.from(Array.from({ length: 60_000 }, (_, i) => i * i))]);
    expect(targetOfImage(gzipSync(large).subarray(0, 4096))).toBe("riscv64");
  });

  it("survives any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1024 }), (bytes) => void targetOfImage(bytes)));
    const packed = fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.of(0x1f, 0x8b, 8, 0, ...bytes));
    fc.assert(fc.property(packed, (bytes) => void targetOfImage(bytes)));
  });
});

describe("kernelTarget", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "bootscope-kernel-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("names a kernel that is not there, is a folder, or is none", async () => {
    await expect(kernelTarget(path.join(folder, "nothing"))).rejects.toMatchObject({ code: "no-kernel" });
    await expect(kernelTarget(folder)).rejects.toMatchObject({ code: "no-kernel" });
    const text = path.join(folder, "text");
    writeFileSync(text, "hello");
    await expect(kernelTarget(text)).rejects.toThrow(`${text} is not a kernel image`);
  });
});
