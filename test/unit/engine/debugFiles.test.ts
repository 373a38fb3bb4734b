import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withDebugFiles } from "../../../src/engine/debugFiles";
import { DebugSearch } from "../../../src/engine/debugSearch";
import { buildElf } from "../symbols/elfBuilder";

const fixture = path.resolve(import.meta.dirname, "../../fixtures/symbols/dwarf5.elf");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-debug-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function stripped(name: string, link: { name: string; crc: number }): string {
  const text = Buffer.from(`${link.name}\0`);
  const content = Buffer.alloc(Math.ceil(text.length / 4) * 4 + 4);
  text.copy(content);
  content.writeUInt32LE(link.crc, content.length - 4);
  const file = path.join(folder, name);
  writeFileSync(file, buildElf({ sections: [{ name: ".gnu_debuglink", content }] }));
  return file;
}

describe("files with debug information that was split off", () => {
  it("are found by .gnu_debuglink beside the file, in .debug and below the debug folders", async () => {
    const content = Buffer.from("the debug information");
    for (const place of [folder, path.join(folder, ".debug"), path.join(folder, "usr", folder)]) {
      mkdirSync(place, { recursive: true });
      const debug = path.join(place, "kernel.debug");
      writeFileSync(debug, content);
      const file = stripped("vmlinux", { name: "kernel.debug", crc: crc32(content) });
      expect(await withDebugFiles([file], {}, new DebugSearch([path.join(folder, "usr")]))).toEqual([debug, file]);
      rmSync(debug);
    }
  });

  it("are not taken with another checksum, nor from another folder than those looked in", async () => {
    writeFileSync(path.join(folder, "kernel.debug"), "something else");
    const wrong = stripped("vmlinux", { name: "kernel.debug", crc: 1 });
    mkdirSync(path.join(folder, "inner"));
    const outside = stripped("inner/vmlinux", { name: "../kernel.debug", crc: crc32(Buffer.from("something else")) });
    expect(await withDebugFiles([wrong, outside], {}, new DebugSearch([]))).toEqual([wrong, outside]);
  });

  it("are found for the build-ids that a trace shows", async () => {
    const debug = path.join(folder, ".build-id", "ab", "cdef01.debug");
    mkdirSync(path.dirname(debug), { recursive: true });
    copyFileSync(fixture, debug);
    const search = new DebugSearch([folder]);
    expect(await withDebugFiles([], { buildIds: ["abcdef01", "0000"] }, search)).toEqual([debug]);
    expect(await withDebugFiles([], { buildIds: ["../../etc"] }, search)).toEqual([]);
  });

  it("are not looked for when the file has its debug information, or is no ELF file", async () => {
    const other = path.join(folder, "text");
    writeFileSync(other, "no ELF");
    expect(await withDebugFiles([fixture, other, "/nowhere"], {}, new DebugSearch([folder]))).toEqual([
      fixture,
      other,
      "/nowhere",
    ]);
  });

  it("are found by the kernel's release, in each folder that is given and no other", async () => {
    const given = ["boot/vmlinux-6.1.0", "lib/modules/6.1.0/vmlinux"].map((name) => path.join(folder, "debug", name));
    for (const file of [...given, path.join(folder, "vmlinux")]) {
      mkdirSync(path.dirname(file), { recursive: true });
      copyFileSync(fixture, file);
    }
    const search = new DebugSearch([path.join(folder, "debug")]);
    expect(await withDebugFiles([], { release: "6.1.0" }, search)).toEqual(given);
    for (const release of ["", "..", ".", "../../..", "6.1.1"])
      expect(await withDebugFiles([], { release }, search)).toEqual([]);
  });

  it("are tried before files without, which may be of the same kernel", async () => {
    const stripped = path.join(folder, "bzImage");
    writeFileSync(stripped, buildElf({ sections: [] }));
    const debug = path.join(folder, ".build-id", "ab", "cdef01.debug");
    mkdirSync(path.dirname(debug), { recursive: true });
    copyFileSync(fixture, debug);
    const found = await withDebugFiles([stripped], { buildIds: ["abcdef01"] }, new DebugSearch([folder]));
    expect(found).toEqual([debug, stripped]);
  });
});
