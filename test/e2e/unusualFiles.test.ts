/** Files that are not what one would wish: a long log, the vmlinux of another kernel, a trace that goes away. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { recordLog } from "../support/recordLog";
import { writeOtherKernel } from "../support/otherKernel";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

const sample = path.resolve(import.meta.dirname, "../../sample/boot.bst");

let scratch: string;
let folder: string;
let window: Window;

/** Opens a file by Bootscope's command and VS Code's file dialog. */
async function open(file: string): Promise<TraceEditor> {
  await window.workbench.runCommand("Bootscope: Open Trace");
  await window.workbench.chooseFile(file);
  await expect.poll(() => window.workbench.activeFile()).toBe(path.basename(file));
  return new TraceEditor(window.workbench);
}

const closeEditors = (): Promise<void> => window.workbench.runCommand("View: Close All Editors");

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "bootscope unusual "));
  folder = path.join(scratch, "workspace");
  mkdirSync(folder);
  cpSync(sample, path.join(folder, "boot.bst"));
  window = await openWindow({ folder });
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("unusual-files-end"));
  await window.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe("a log of some gigabytes", () => {
  /** Real lines over and over, compressed: the file is small, what is in it takes seconds to read. */
  async function writeLongLog(file: string): Promise<void> {
    const { vmlinuz } = await ensureKernel();
    const log = path.join(scratch, "exec.log");
    await recordLog(log, vmlinuz, ["-d", "exec,nochain"], 100_000_000);
    const text = readFileSync(log);
    const part = gzipSync(text.subarray(0, text.lastIndexOf("\n", 100_000_000) + 1), { level: 1 });
    rmSync(log);
    for (let copy = 0; copy < 60; copy++) appendFileSync(file, part);
  }

  it("shows how far its import is and what was read until then, and stops when told to", async () => {
    const { workbench } = window;
    const log = path.join(scratch, "long.log.gz");
    await writeLongLog(log);
    const editor = await open(log);
    const progress = editor.part("progress");
    await progress.waitFor();
    const percent = async (): Promise<number> => Number(/(\d+) %/.exec(await progress.innerText())?.[1]);
    const early = await percent();
    await expect.poll(percent, { timeout: 60_000 }).toBeGreaterThan(early);
    expect(await progress.innerText()).toMatch(/^Importing \d+ % of [\d.]+ MB/);
    await expect.poll(async () => (await editor.names(5)).length, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(await editor.part("trust").innerText()).toContain("The import goes on");
    await workbench.screenshot(window.picture("import-progress"));
    expect(await progress.innerText()).toMatch(/^Importing/);
    await editor.part("cancel").click();
    await expect.poll(() => editor.part("trust").innerText(), { timeout: 60_000 }).toContain("The import was stopped");
    await workbench.screenshot(window.picture("import-stopped"));
    await closeEditors();
  });
});

describe("the vmlinux of another kernel", () => {
  let other: string;
  let editor: TraceEditor;

  beforeAll(async () => {
    const { vmlinux } = await ensureKernel();
    other = path.join(scratch, "vmlinux-other");
    writeOtherKernel(vmlinux, other);
    await window.workbench.openFromExplorer("boot.bst");
    editor = new TraceEditor(window.workbench);
    await editor.complete();
  });
  afterAll(closeEditors);

  it("is refused, with the reason and with no name shown", async () => {
    await editor.part("choose-vmlinux").click();
    await window.workbench.chooseFile(other);
    const symbols = (): Promise<string> => editor.part("symbols").innerText();
    await expect.poll(symbols, { timeout: 60_000 }).toContain("Names would be wrong, so none are shown");
    expect(await symbols()).toMatch(/vmlinux-other does not belong to this trace \(build-id 5a5a5a5a…; the trace has /);
    // What the header says is not said a second time.
    expect(await window.workbench.notifications.count()).toBe(0);
    await expect.poll(async () => (await editor.names(10)).join()).not.toContain("memblock");
    await window.workbench.screenshot(window.picture("other-vmlinux-refused"));
  });

  it("leaves a way back to the names before", async () => {
    await editor.part("names-before").click();
    await editor.complete();
    await expect.poll(() => editor.part("symbols").innerText()).toContain("matches");
    await expect.poll(async () => (await editor.names(50)).join()).toContain("memblock");
  });

  it("is used when the person insists, and the header keeps saying so", async () => {
    await editor.part("choose-vmlinux").click();
    await window.workbench.chooseFile(other);
    await editor.part("use-anyway").click();
    await expect.poll(() => editor.part("symbols").innerText()).toContain("Names may be wrong");
    await expect.poll(async () => (await editor.names(50)).join()).toContain("memblock");
    await window.workbench.screenshot(window.picture("other-vmlinux-used"));
  });
});

describe("a trace that goes away while it is open", () => {
  it("is said to be gone, stays readable, and is read anew when it comes back changed", async () => {
    const file = path.join(folder, "going.bst");
    cpSync(sample, file);
    const editor = await open(file);
    await editor.complete();
    const names = await editor.names(5);
    renameSync(file, `${file}.moved`);
    const banner = editor.part("file-banner");
    await expect
      .poll(() => banner.innerText({ timeout: 1000 }).catch(() => ""), { timeout: 20_000 })
      .toContain("deleted or moved");
    await editor.sortBy("first");
    await editor.sortBy("self");
    await expect.poll(() => editor.names(5)).toEqual(names);
    await window.workbench.screenshot(window.picture("deleted-file"));
    const bytes = readFileSync(`${file}.moved`);
    writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
    await expect.poll(() => banner.innerText(), { timeout: 20_000 }).toContain("changed on disk");
    await editor.part("reload").click();
    await expect
      .poll(() => editor.header.innerText(), { timeout: 20_000 })
      .toContain("The file ends before the recording did");
    await banner.waitFor({ state: "detached" });
  });
});
