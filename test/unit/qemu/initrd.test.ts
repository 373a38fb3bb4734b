import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { writeCpio } from "../../../src/qemu/cpio";
import { busyboxArchive, busyboxInitrd, isStaticProgram } from "../../../src/qemu/initrd";

/** A 64-bit little-endian ELF with program headers of these types. */
function program(machine: number, segmentTypes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segmentTypes.length, 56);
  segmentTypes.forEach((type, index) => bytes.writeUInt32LE(type, 64 + index * 56));
  return bytes;
}
const [load, interpreter] = [1, 3];
const [x86, arm64] = [62, 183];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-initrd-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("writeCpio", () => {
  it("writes what its format asks for: fields in hexadecimal, names and contents padded to 4 bytes", () => {
    const archive = writeCpio([{ name: "ab", mode: 0o100644, content: Buffer.from("xyz") }]);
    expect(archive.length % 4).toBe(0);
    expect(archive.toString("latin1", 0, 6)).toBe("070701");
    expect(archive.toString("latin1", 14, 22)).toBe("000081a4");
    expect(archive.toString("latin1", 54, 62)).toBe("00000003");
    expect(archive.toString("latin1", 94, 102)).toBe("00000003");
    expect(archive.toString("latin1", 110, 119)).toBe("ab\0\0\0\0xyz");
  });
});

describe("isStaticProgram", () => {
  it("sees the request for a dynamic linker", () => {
    expect(isStaticProgram(program(x86, [load, load]))).toBe(true);
    expect(isStaticProgram(program(x86, [interpreter, load]))).toBe(false);
  });

  it("does not call a cut file a program", () => {
    expect(isStaticProgram(Buffer.alloc(10))).toBe(false);
    expect(isStaticProgram(program(x86, [load]).subarray(0, 80))).toBe(false);
  });
});

describe("busyboxInitrd", () => {
  const put = (name: string, bytes: Buffer): string => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  };

  it("takes the first static busybox of the guest's architecture, and makes the same file of it again", async () => {
    vi.stubEnv("XDG_CACHE_HOME", path.join(folder, "cache"));
    const places = [
      path.join(folder, "missing"),
      put("dynamic", program(x86, [interpreter])),
      put("foreign", program(arm64, [load])),
      put("right", program(x86, [load])),
    ];
    const initrd = await busyboxInitrd("x86_64", places);
    expect(gunzipSync(readFileSync(initrd))).toEqual(busyboxArchive(program(x86, [load])));
    expect(await busyboxInitrd("x86_64", places)).toBe(initrd);
    expect(await busyboxInitrd("aarch64", places)).not.toBe(initrd);
  });

  it("says what is missing", async () => {
    await expect(busyboxInitrd("riscv64", [put("x86", program(x86, [load]))])).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("no static busybox for riscv64") as string,
    });
  });
});
