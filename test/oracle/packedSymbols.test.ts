/**
 * What is packed: .gnu_debugdata against gdb, sections compressed by Zstandard against what objcopy compressed, compressed modules
 * against what xz, zstd and gzip packed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { codeFilesIn } from "../../src/engine/guestFiles/codeFiles";
import { withUnpackedModules } from "../../src/engine/guestFiles/packedModules";
import { ElfFile } from "../../src/symbols/elf/elfFile";
import { openImage } from "../../src/symbols/image";
import type { FunctionIndex } from "../../src/symbols/types";

const worker = path.resolve(import.meta.dirname, "../support/guest/worker.c");
let folder: string;

beforeAll(async () => {
  await ensurePackages(["binutils", "gdb", "xz-utils", "zstd", "gcc"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-packed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, cwd: folder });
  if (result.error) throw result.error;
  expect(result.status, result.stderr).toBe(0);
  return result.stdout;
}

interface NmRow {
  address: string;
  kind: string;
  name: string;
}

const nm = (...args: string[]): NmRow[] =>
  run("nm", args)
    .split("\n")
    .map((line) => /^([0-9a-f]+) (\S) (\S+)$/.exec(line))
    .flatMap((match) => (match === null ? [] : [{ address: match[1], kind: match[2], name: match[3] }]));

describe(".gnu_debugdata", () => {
  /** Strips a program as distributions do that leave it (gdb's manual, "MiniDebugInfo"). */
  function makeProgram(): { program: string; functions: NmRow[] } {
    run("gcc", ["-O1", "-o", "whole", worker]);
    const dynamic = new Set(nm("-D", "whole").map(({ name }) => name));
    const functions = nm("whole").filter(({ kind }) => kind === "T" || kind === "t");
    const kept = functions.map(({ name }) => name).filter((name) => !dynamic.has(name));
    writeFileSync(path.join(folder, "kept"), kept.join("\n"));
    run("objcopy", ["--only-keep-debug", "whole", "whole.debug"]);
    run("objcopy", ["-S", "--remove-section", ".comment", "--keep-symbols=kept", "whole.debug", "mini"]);
    run("xz", ["-k", "mini"]);
    run("objcopy", ["-S", "--add-section", ".gnu_debugdata=mini.xz", "whole", "program"]);
    return { program: path.join(folder, "program"), functions };
  }

  it("names the functions that gdb names by it", async () => {
    const { program, functions } = makeProgram();
    expect(nm("whole").length).toBeGreaterThan(20);
    const asked = functions.flatMap(({ address }) => ["-ex", `info symbol 0x${address}`]);
    const theirs = run("gdb", ["-batch", "-nx", ...asked, program])
      .trim()
      .split("\n")
      .map((line) => /^(\S+) in section/.exec(line)?.[1] ?? line);
    const image = await openImage(program);
    expect(image.problem).toBeNull();
    const found = image.lookupMany(BigUint64Array.from(functions, ({ address }) => BigInt(`0x${address}`)));
    const own = Array.from(found, (index) => (index < 0 ? "-" : image.functions.name(index as FunctionIndex)));
    image.close();
    expect(own).toEqual(theirs);
    expect(own).toEqual(expect.arrayContaining(["main", "worker_collatz"]));
  });
});

/** A module of the real kernel with its debug information. */
async function realModule(): Promise<string> {
  const { vmlinux, release } = await ensureKernel();
  const root = vmlinux.slice(0, vmlinux.indexOf("/boot/vmlinux"));
  return path.join(root, "lib/modules", release, "kernel/net/vmw_vsock/vsock.ko");
}

describe("compressed modules in a folder", () => {
  it("are unpacked as xz, zstd and gzip packed them, once", async () => {
    const module = await realModule();
    const tree = path.join(folder, "tree");
    mkdirSync(tree);
    const packers = [
      ["xz", "xz", "--check=crc32", "--lzma2=dict=1MiB"],
      ["zst", "zstd", "-q", "-3"],
      ["gz", "gzip", "-n"],
    ];
    for (const [ending, program, ...options] of packers) {
      const { stdout, status } = spawnSync(program, [...options, "-c", module], { maxBuffer: 1 << 28 });
      expect(status).toBe(0);
      writeFileSync(path.join(tree, `net-${ending}.ko.${ending}`), stdout);
      writeFileSync(path.join(tree, `cut-${ending}.ko.${ending}`), stdout.subarray(0, 9000));
    }
    const cache = path.join(folder, "cache");
    const found = await withUnpackedModules(await codeFilesIn(tree), cache);
    expect(found.map(({ name, isModule }) => [name, isModule])).toEqual([
      ["net_gz", true],
      ["net_xz", true],
      ["net_zst", true],
    ]);
    for (const file of found) expect(readFileSync(file.path).equals(readFileSync(module)), file.name).toBe(true);
    expect(await withUnpackedModules(await codeFilesIn(tree), cache)).toEqual(found);
    expect(readdirSync(cache)).toHaveLength(1);
  });
});

describe("sections compressed by Zstandard", () => {
  it("have the bytes that objcopy compressed", async () => {
    const module = await realModule();
    run("objcopy", ["--compress-debug-sections=zstd", module, "zstd.ko"]);
    run("objcopy", ["--decompress-debug-sections", module, "plain.ko"]);
    const packed = await ElfFile.open(path.join(folder, "zstd.ko"));
    const plain = await ElfFile.open(path.join(folder, "plain.ko"));
    const compressed = packed.sections.filter(({ name, flags }) => name.startsWith(".debug_") && (flags & 0x800) !== 0);
    expect(compressed.map(({ name }) => name)).toEqual(expect.arrayContaining([".debug_info", ".debug_line"]));
    for (const section of compressed) {
      const other = plain.section(section.name);
      if (other === undefined) throw new Error(`plain.ko has no ${section.name}`);
      const [own, theirs] = [await packed.readSection(section), await plain.readSection(other)];
      expect(Buffer.compare(own, theirs), section.name).toBe(0);
    }
    await Promise.all([packed.close(), plain.close()]);
  });
});
