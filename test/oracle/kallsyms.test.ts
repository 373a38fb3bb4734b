/** Names out of the bootable image of a real kernel against its System.map, and against the vmlinux it was made from. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackKernel } from "../../src/engine/packedKernel";
import { openImage } from "../../src/symbols/image";
import { readKallsyms } from "../../src/symbols/kallsyms/read";
import type { FunctionIndex } from "../../src/symbols/types";
import { openTraceFile } from "../../src/trace/reader";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";

let folder: string;
let kernel: Awaited<ReturnType<typeof ensureKernel>>;
let unpacked: Uint8Array;

beforeAll(async () => {
  await ensurePackages(["xz-utils", "zstd"]);
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
])("packed by %s", (program, options) => {
  it("is the same kernel", async () => {
    const result = spawnSync(program, [...options, "-c"], { input: unpacked, maxBuffer: 1 << 30 });
    expect(result.status).toBe(0);
    expect(Buffer.compare((await unpackKernel(imageWith(program, result.stdout)))!, unpacked)).toBe(0);
  });
});

it("packed by xz with its filter for x86 code is refused, with what to do", async () => {
  const args = ["-0", "--check=crc32", "--x86", "--lzma2=dict=1MiB", "-c"];
  const { stdout } = spawnSync("xz", args, { input: unpacked.subarray(0, 1 << 20), maxBuffer: 1 << 30 });
  await expect(unpackKernel(imageWith("bcj", stdout))).rejects.toMatchObject({ code: "unsupported" });
});

/** The kernel's own setup code before another payload. */
function imageWith(name: string, payload: Buffer): string {
  const head = Buffer.from(readFileSync(kernel.vmlinuz).subarray(0, (39 + 1) * 512));
  head[0x1f1] = 39;
  head.writeUInt32LE(0, 0x248);
  head.writeUInt32LE(payload.length + 4, 0x24c);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(unpacked.length);
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.concat([head, payload, size]));
  return file;
}
