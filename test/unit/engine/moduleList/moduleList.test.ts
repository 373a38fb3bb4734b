import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { findModuleList } from "../../../../src/engine/moduleList/findModuleList";
import { listedBase, listedFiles } from "../../../../src/engine/moduleList/listedModules";
import { moduleTimes } from "../../../../src/engine/moduleList/moduleTimes";
import { parseModuleList } from "../../../../src/engine/moduleList/parseModuleList";
import { readCodeParts } from "../../../../src/symbols/code/readCodeParts";
import { ElfFile } from "../../../../src/symbols/elf/elfFile";
import { openTraceFile } from "../../../../src/trace/reader";
import { TraceWriter } from "../../../../src/trace/writer";
import { buildTraceFile } from "../../../support/buildTrace";
import { buildElf, temporaryFile } from "../../symbols/elfBuilder";

/** From the console of the guest of scripts/environment/moduleBoot.mjs. */
const consoleText = `Booting from ROM..\u001bc\u001b[?7lREPLACED rmd160 20480 0 - Live 0xffffffffc034c000\r
REPLACED wp512 36864 0 - Live 0xffffffffc034c000\r
virtio_pci_modern_dev 20480 1 virtio_pci, Live 0xffffffffc0337000\r
virtio_ring 49152 3 virtio_blk,virtio_pci,virtio, Live 0xffffffffc031f000\r
[    6.050208] reboot: Power down\r
`;

const placesOf = (text: string) =>
  parseModuleList(text).modules.map(({ name, address, seen }) => [name, address?.toString(16), seen]);

describe("a list of modules", () => {
  it("is found in the text of a console", () => {
    expect(placesOf(consoleText)).toEqual([
      ["rmd160", "ffffffffc034c000", null],
      ["wp512", "ffffffffc034c000", null],
      ["virtio_pci_modern_dev", "ffffffffc0337000", null],
      ["virtio_ring", "ffffffffc031f000", null],
    ]);
  });

  it("may have taints, 32-bit addresses, and stamps before its lines or on lines of their own", () => {
    const text = `[    1.500000] one 4096 0 - Live 0xbf000000 (OE)
2.25 4.50
two 8192 1 one, Loading 0xbf001000
[ 3.75 ]
two 8192 1 one, Live 0xbf001000`;
    expect(placesOf(text)).toEqual([
      ["one", "bf000000", { from: 1.5, to: 1.5 }],
      ["two", "bf001000", { from: 2.25, to: 3.75 }],
    ]);
  });

  it("has the addresses of sections, as grep and cat print them", () => {
    const text = `a 4096 0 - Live 0xffffffffc0000000
/sys/module/a/sections/.text:0xffffffffc0000000
/sys/module/a/sections/.init.text 0xffffffffc0100000
/sys/module/b/sections/.text:0xffffffffc0200000
/sys/module/c/sections/.text:0x0000000000000000`;
    const list = parseModuleList(text);
    expect(list.modules.map(({ name }) => name)).toEqual(["a", "b"]);
    expect([...list.modules[0].sections]).toEqual([
      [".text", 0xffff_ffff_c000_0000n],
      [".init.text", 0xffff_ffff_c010_0000n],
    ]);
    expect(list.modules[1].address).toBeNull();
  });

  it("tells of addresses that the guest hides", () => {
    expect(parseModuleList("one 4096 0 - Live 0x0000000000000000")).toEqual({ modules: [], hidden: 1 });
  });

  it("is any text, of any size, in time", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...consoleText.split("\n"), "1.5", "/sys/module/a/sections/.text:0x1"),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        for (const { name } of parseModuleList(lines.join("\n")).modules) expect(name).toMatch(/^\w+$/);
      }),
    );
    expect(parseModuleList(`${" ".repeat(1 << 20)}x`).modules).toEqual([]);
    const many = Array.from({ length: 200_000 }, (_, at) => `m${at % 9000} 4096 0 - Live 0xc0000000`).join("\n");
    expect(parseModuleList(many).modules).toHaveLength(2048);
  });
});

describe("modules at one place one after the other", () => {
  const text = `[ 10.0] a 8192 0 - Live 0xc0000000
[ 20.0] a 8192 0 - Live 0xc0000000
[ 30.0] b 4096 0 - Live 0xc0001000
[ 40.0] a 8192 0 - Live 0xc0000000
[ 40.0] c 8192 0 - Live 0xc0009000`;

  it("are there from their first listing to their last, and nobody between", () => {
    const { modules } = parseModuleList(text);
    expect(modules.map(({ name }) => name)).toEqual(["a", "b", "a", "c"]);
    expect(moduleTimes(modules, true)).toEqual([
      { from: 0, to: 20e9 },
      { from: 30e9, to: 30e9 },
      { from: 40e9, to: Infinity },
      { from: 0, to: Infinity },
    ]);
  });

  it("are nowhere when the trace's times are no seconds, or the list has none", () => {
    const always = { from: 0, to: Infinity };
    expect(moduleTimes(parseModuleList(text).modules, false)).toEqual([null, null, null, always]);
    const without = text.replaceAll(/^\[.*?\] /gm, "");
    expect(moduleTimes(parseModuleList(without).modules, true)).toEqual([null, null, null, always]);
  });
});

describe("the place of a module's file", () => {
  async function baseOf(text: string, more: readonly { name: string; size: number }[] = []) {
    const sections = more.map(({ name, size }) => ({ name, flags: 6, content: new Uint8Array(size) }));
    const elf = await ElfFile.open(temporaryFile(buildElf({ type: 1, text: { address: 0n, size: 0x1800 }, sections })));
    onTestFinished(() => elf.close());
    const file = { path: elf.path, name: "one", isModule: true };
    const [found] = listedFiles(parseModuleList(text), [file], true);
    const parts = await readCodeParts(elf);
    return parts.map((part, index) => found.listed && listedBase(found.listed, elf, part, index > 0));
  }
  const line = "one 16384 0 - Live 0xc0004000";

  it("is where the list says, and that of its initialisation only where a section says", async () => {
    const init = [{ name: ".init.text", size: 64 }];
    expect(await baseOf(line, init)).toEqual([0xc000_4000n, null]);
    const sections = "\n/sys/module/one/sections/.text:0xc0004000\n/sys/module/one/sections/.init.text:0xc0100000";
    expect(await baseOf(line + sections, init)).toEqual([0xc000_4000n, 0xc010_0000n]);
  });

  it("is not known where sections lie otherwise than in the file, or the file is larger than what was loaded", async () => {
    expect(await baseOf(`${line}\n/sys/module/one/sections/.text:0xc0005000`)).toEqual([null]);
    expect(await baseOf("one 4096 0 - Live 0xc0004000")).toEqual([null]);
  });

  it("is known by sections only where the loader puts a table of jumps first", async () => {
    const jumps = [{ name: ".plt", size: 1 }];
    expect(await baseOf(line, jumps)).toEqual([null]);
    expect(await baseOf(`${line}\n/sys/module/one/sections/.text:0xc0006000`, jumps)).toEqual([0xc000_6000n]);
  });
});

describe("finding a list", () => {
  async function makeTrace() {
    const trace = await buildTraceFile({
      metadata: {},
      blocks: [{ address: 1n, size: 4, instructions: 1 }],
      vcpus: [[0]],
    });
    return { trace, file: await openTraceFile(trace) };
  }

  it("takes the one inside of the trace, unless its bytes are damaged", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "bootscope-modules-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const trace = path.join(folder, "trace.bst");
    const writer = await TraceWriter.create(trace);
    writer.addAttachment("modules", "text/plain", Buffer.from(consoleText));
    await writer.finish(0, "");
    const modules = async () => (await findModuleList(trace, await openTraceFile(trace), undefined))?.modules;
    expect(await modules()).toHaveLength(4);
    const bytes = await readFile(trace);
    bytes[bytes.indexOf("0xffffffffc0337000") + 12] ^= 1;
    await writeFile(trace, bytes);
    expect(await modules()).toEqual([]);
  });

  it("looks beside the trace, by its name", async () => {
    const { trace, file } = await makeTrace();
    expect(await findModuleList(trace, file, undefined)).toBeNull();
    for (const name of [`${trace}.modules`, trace.replace(/\.bst$/, ".modules")]) {
      await writeFile(name, consoleText);
      expect((await findModuleList(trace, file, undefined))?.modules).toHaveLength(4);
      await rm(name);
    }
  });

  it("says what is wrong with a file that was given", async () => {
    const { trace, file } = await makeTrace();
    const folder = await mkdtemp(path.join(tmpdir(), "bootscope-modules-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const given = path.join(folder, "list");
    await expect(findModuleList(trace, file, given)).rejects.toMatchObject({ code: "not-found" });
    await expect(findModuleList(trace, file, folder)).rejects.toMatchObject({ code: "unreadable" });
    await writeFile(given, "nothing of the kind");
    await expect(findModuleList(trace, file, given)).rejects.toThrow(/lists no modules\.$/);
    await writeFile(given, "one 4096 0 - Live 0x0000000000000000");
    await expect(findModuleList(trace, file, given)).rejects.toThrow(/hides all addresses of modules\.$/);
  });
});
