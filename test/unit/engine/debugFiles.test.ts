import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withDebugFiles } from "../../../src/engine/debugFiles";
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
      expect(await withDebugFiles([file], [], [path.join(folder, "usr")])).toEqual([debug, file]);
      rmSync(debug);
    }
  });

  it("are not taken with another checksum, nor from another folder than those looked in", async () => {
    writeFileSync(path.join(folder, "kernel.debug"), "something else");
    const wrong = stripped("vmlinux", { name: "kernel.debug", crc: 1 });
    mkdirSync(path.join(folder, "inner"));
    const outside = stripped("inner/vmlinux", { name: "../kernel.debug", crc: crc32(Buffer.from("something else")) });
    expect(await withDebugFiles([wrong, outside], [], [])).toEqual([wrong, outside]);
  });

  it("are found for the build-ids that a trace shows", async () => {
    const debug = path.join(folder, ".build-id", "ab", "cdef01.debug");
    mkdirSync(path.dirname(debug), { recursive: true });
    copyFileSync(fixture, debug);
    expect(await withDebugFiles([], ["abcdef01", "0000"], [folder])).toEqual([debug]);
    expect(await withDebugFiles([], ["../../etc"], [folder])).toEqual([]);
  });

  it("are not looked for when the file has its debug information, or is no ELF file", async () => {
    const other = path.join(folder, "text");
    writeFileSync(other, "no ELF");
    expect(await withDebugFiles([fixture, other, "/nowhere"], [], [folder])).toEqual([fixture, other, "/nowhere"]);
  });
});
