/** Names out of the bootable image of a real kernel against its System.map, and against the vmlinux it was made from. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackKernel } from "../../src/engine/packedKernel/unpackKernel";
import { openImage } from "../../src/symbols/image";
import { readKallsyms } from "../../src/symbols/kallsyms/read";
import type { FunctionIndex } from "../../src/symbols/types";
import { openTraceFile } from "../../src/trace/reader";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureForeignKernel } from "../../scripts/environment/foreignKernel.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";

let folder: string;
let kernel: Awaited<ReturnType<typeof ensureKernel>>;
let unpacked: Uint8Array;

beforeAll(async () => {
  await ensurePackages(["lz4", "xz-utils", "zstd"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-kallsyms-"));
  kernel = await ensureKernel();
  unpacked = (await unpackKernel(kernel.vmlinuz))!;
});
afterAll(() => rmSync(folder, { recursive: true }));

it("has every symbol of the kernel's table as System.map has it", () => {
  const map = readFileSync(path.join(path.dirname(kernel.vmlinux), `System.map-${kernel.release}`), "latin1");
  const lines = map.trim().split("\n");
  const kinds = new Map(lines.map((line) => [line.replace(/ . /, " "), line[17]]));
  const symbols = readKallsyms(unpacked, (address) => address >= 0xffff_ffff_8000_0000n)!;
  expect(symbols.length).toBeGreaterThan(80_000);
  const keys = symbols.map(({ address, name }) => `${address.toString(16).padStart(16, "0")} ${name}`);
  expect(keys.filter((key) => !kinds.has(key))).toEqual([]);
  // The kernel's table calls per-CPU symbols absolute: their addresses are offsets.
  expect(symbols.filter(({ kind }, index) => kind !== kinds.get(keys[index]) && kind !== "A")).toEqual([]);

  // scripts/kallsyms.c leaves out what is in no section of the kernel, or marks its own places.
  const found = new Set(keys);
  const missing = [...kinds].filter(([key]) => !found.has(key));
  expect(missing.filter(([, kind]) => /[tTwW]/.test(kind)).map(([key]) => key)).toEqual([]);
  expect(missing.length).toBeLessThan(30);
  console.log(
    `${symbols.length} symbols; not in the kernel's table: ${missing.map(([key]) => key.slice(17)).join(" ")}`,
  );
});

it("names the blocks of a recorded boot as the vmlinux does", async () => {
  const [own, full] = [await openImage(kernel.vmlinuz, undefined, unpackKernel), await openImage(kernel.vmlinux)];
  try {
    expect(own.buildId).toBe(full.buildId);
    expect(own.banner).toBe(full.banner);
    expect(own.segments).toEqual(full.segments);
    expect(own.addressOf("start_kernel")).toBe(full.addressOf("start_kernel"));
    const { blocks } = await openTraceFile(await ensureBootTrace({ preset: "deterministic" }));
    const [ownFound, fullFound] = [own.lookupMany(blocks.address), full.lookupMany(blocks.address)];
    const inKernel = [...fullFound.keys()].filter((block) => fullFound[block] >= 0);
    expect(inKernel.length).toBeGreaterThan(40_000);
    const name = (image: typeof own, index: number) =>
      index < 0 ? "" : image.functions.name(image.functions.parent[index] as FunctionIndex);
    const differing = inKernel.filter((block) => name(own, ownFound[block]) !== name(full, fullFound[block]));
    console.log(`${inKernel.length} blocks, ${differing.length} named otherwise`);
    // Without sizes a label inside of a function, or an alias at its start, can win.
    expect(differing.length).toBeLessThan(inKernel.length * 0.01);
  } finally {
    own.close();
    full.close();
  }
});

describe.each([
  ["gzip", ["-n", "-1"]],
  ["zstd", ["-q", "-1"]],
  ["xz", ["-0", "--check=crc32"]],
  ["lz4", ["-l", "-1", "-q"]],
])("the real kernel in a bzImage made for the test, packed by %s", (program, options) => {
  it("is the same kernel", async () => {
    const packed = pack(program, options, unpacked);
    // Kbuild puts the size behind what is packed, but for gzip, which tells it by itself.
    const image = imageWith(program, packed, program === "gzip" ? Buffer.alloc(0) : sizeOf(unpacked));
    expect(Buffer.compare((await unpackKernel(image))!, unpacked)).toBe(0);
  });
});

// The first 8 MiB are nearly all code: of the whole nothing more would be learnt.
it("undoes xz's filter for x86 code, with which kernels are packed", async () => {
  const code = unpacked.subarray(0, 8 << 20);
  const packed = pack("xz", ["-0", "--check=crc32", "--x86", "--lzma2=dict=1MiB"], code);
  expect(Buffer.compare((await unpackKernel(imageWith("bcj", packed, sizeOf(code))))!, code)).toBe(0);
  packed[packed.length >> 1] ^= 1;
  const damaged = unpackKernel(imageWith("damaged", packed, sizeOf(code)));
  await expect(damaged).rejects.toMatchObject({ code: "damaged" });
});

describe("the flat image of a kernel for arm64", () => {
  let image: Buffer;
  let elf: Uint8Array;
  beforeAll(async () => {
    const { kernel: file } = await ensureForeignKernel("arm64");
    image = readFileSync(file);
    elf = (await unpackKernel(file))!;
  });

  it("is the same when it is packed alone", async () => {
    const packed = write("Image.gz", pack("gzip", ["-n", "-1"], image));
    expect(Buffer.compare((await unpackKernel(packed))!, elf)).toBe(0);
  });

  it("is the same in an EFI zboot image made for the test, with xz's filter for its code", async () => {
    const packed = pack("xz", ["-0", "--check=crc32", "--arm64", "--lzma2=dict=1MiB"], image);
    const head = Buffer.alloc(64);
    head.write("MZ\0\0zimg", "latin1");
    head.writeUInt32LE(head.length, 8);
    head.writeUInt32LE(packed.length, 12);
    const zboot = write("zboot", Buffer.concat([head, packed, sizeOf(image)]));
    expect(Buffer.compare((await unpackKernel(zboot))!, elf)).toBe(0);
  });
});

function pack(program: string, options: readonly string[], content: Uint8Array): Buffer {
  const { status, stdout } = spawnSync(program, [...options, "-c"], { input: content, maxBuffer: 1 << 30 });
  expect(status).toBe(0);
  return stdout;
}

function sizeOf(content: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return size;
}

function write(name: string, content: Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** The kernel's own setup code before another payload. */
function imageWith(name: string, packed: Buffer, behind: Buffer): string {
  const head = Buffer.from(readFileSync(kernel.vmlinuz).subarray(0, (39 + 1) * 512));
  head[0x1f1] = 39;
  head.writeUInt32LE(0, 0x248);
  head.writeUInt32LE(packed.length + behind.length, 0x24c);
  return write(name, Buffer.concat([head, packed, behind]));
}
