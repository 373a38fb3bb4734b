/** A boot that loads modules and runs programs, in a folder that has nothing but its trace and a link to its vmlinux. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureModuleBoot } from "../../scripts/environment/moduleBoot.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

let folder: string;
let window: Window;
let editor: TraceEditor;

beforeAll(async () => {
  const boot = await ensureModuleBoot();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-modules-"));
  cpSync(boot.trace, path.join(folder, "boot.bst"));
  symlinkSync(boot.vmlinux, path.join(folder, "vmlinux"));
  window = await openWindow({ folder });
  await window.workbench.openFromExplorer("boot.bst");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});
afterAll(async () => {
  await window.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("modules and programs in the trace editor", () => {
  it("have the names of their functions, with the module as /proc/kallsyms has it", async () => {
    await editor.filter("module:virtio");
    await expect.poll(() => editor.names(1), { timeout: 60_000 }).toEqual(["virtqueue_add_split [virtio_ring]"]);
    const names = await editor.names(20);
    expect(names.filter((name) => !/ \[virtio\w*\]$/.test(name))).toEqual([]);
    await expect(editor.cell(0, "source").innerText()).resolves.toMatch(/drivers\/virtio\/virtio_ring\.c:\d+/);
    await window.workbench.screenshot(window.picture("modules"));
    await editor.filter("module:worker-pie worker_");
    await expect.poll(() => editor.names(9)).toEqual(["worker_collatz [worker-pie]", "worker_longest [worker-pie]"]);
    await window.workbench.screenshot(window.picture("programs"));
  });

  it("are told in the header with how far KASLR moved the kernel, each with its place in the hover", async () => {
    const symbols = editor.part("symbols");
    await expect(symbols.innerText()).resolves.toMatch(/moved by 0x[0-9a-f]+.*also .* more files/s);
    const title = await symbols.locator(".symbols-text").getAttribute("title");
    expect(title).toMatch(/^[0-9a-f]{16} virtio_blk \(/m);
  });

  it("have a reason in the header where they have no names", async () => {
    await editor.filter("");
    await editor.part("why-unnamed").click();
    await expect.poll(() => editor.header.innerText()).toContain("busybox: the file has no symbols");
    await window.workbench.screenshot(window.picture("modules-unnamed"));
  });
});
