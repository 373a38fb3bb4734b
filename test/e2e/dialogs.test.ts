/** What asks a person for a file or a folder, on the sample in a folder of its own. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cachePath } from "../../scripts/environment/cache.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import type { ExportedRow } from "../../src/features/traceEditor/exportRows";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

const sample = path.resolve(import.meta.dirname, "../../sample");

let scratch: string;
let folder: string;
let window: Window;
let editor: TraceEditor;

beforeAll(async () => {
  const { vmlinuz } = await ensureKernel();
  mkdirSync(cachePath("workspaces"), { recursive: true });
  // Beside the cached kernel, which can be linked from there.
  scratch = mkdtempSync(cachePath("workspaces", "dialogs-"));
  folder = path.join(scratch, "workspace");
  cpSync(path.join(sample, "boot.bst"), path.join(folder, "boot.bst"));
  cpSync(sample, path.join(scratch, "sources"), { recursive: true });
  for (const build of ["build", "out"]) {
    const images = path.join(folder, build, "arch/x86/boot");
    mkdirSync(images, { recursive: true });
    linkSync(vmlinuz, path.join(images, "bzImage"));
  }
  window = await openWindow({ folder });
  await window.workbench.openFromExplorer("boot.bst");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("dialogs-end"));
  await window.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe("the sample without a vmlinux", () => {
  it("says that its names are inside it, and does not propose to record it again", async () => {
    expect(await editor.part("symbols").innerText()).toMatch(/Names from inside the trace.*build-id \w{8}… matches/s);
    expect(await editor.header.innerText()).not.toContain("Record Again");
  });
});

describe("saving the functions", () => {
  it("writes every row that matches the filter as CSV", async () => {
    await editor.filter("memblock");
    await expect.poll(() => editor.rowCount.innerText()).toMatch(/^\d+ of /);
    const matching = Number(/^\d+/.exec(await editor.rowCount.innerText())?.[0]);
    const target = path.join(folder, "functions of memblock.csv");
    await editor.export("Save as CSV…");
    await window.workbench.quickInput.waitFor();
    await window.workbench.screenshot(window.picture("save-dialog"));
    await window.workbench.chooseFile(target);
    await expect.poll(() => editor.part("message").innerText()).toContain(target);
    const [head, ...rows] = readFileSync(target, "utf8").trimEnd().split("\n");
    expect(head.split(",").slice(0, 4)).toEqual(["function", "address", "category", "executions"]);
    expect(rows).toHaveLength(matching);
    expect(rows.every((row) => row.includes("memblock"))).toBe(true);
    expect(rows[0].split(",")[0]).toBe((await editor.names(1))[0]);
    await editor.filter("");
  });

  it("proposes a name beside the trace, and writes exact numbers as JSON", async () => {
    const target = path.join(folder, "boot.bst.functions.json");
    await editor.export("Save as JSON…");
    const input = window.workbench.quickInput.locator("input").first();
    await expect.poll(() => input.inputValue()).toBe(target);
    await window.workbench.chooseFile(target);
    await expect.poll(() => existsSync(target)).toBe(true);
    await expect.poll(() => editor.part("message").innerText()).toContain(target);
    const rows = JSON.parse(readFileSync(target, "utf8")) as ExportedRow[];
    const total = rows.reduce((sum, row) => sum + row.executions, 0);
    expect(total).toBe(26_000_000);
  });

  it("writes nothing when the dialog is closed", async () => {
    await editor.export("Save as CSV…");
    await window.workbench.quickInput.waitFor();
    await window.workbench.page.keyboard.press("Escape");
    await window.workbench.quickInput.waitFor({ state: "hidden" });
    expect(existsSync(path.join(folder, "boot.bst.functions.csv"))).toBe(false);
  });
});

describe("a source that is not in the workspace", () => {
  it("is found in the folder that a person chooses, and the choice is kept", async () => {
    const { workbench } = window;
    await editor.filter("sort_r");
    await expect.poll(() => editor.names(1)).toEqual(["sort_r"]);
    await editor.openFunction("sort_r");
    const question = workbench.notifications.filter({ hasText: "lib/sort.c was not found" });
    await question.getByRole("button", { name: "Choose Folder…" }).click();
    await workbench.chooseFile(`${path.join(scratch, "sources")}/`, "Use These Sources");
    await expect.poll(() => workbench.activeFile(), { timeout: 30_000 }).toBe("sort.c");
    await expect.poll(async () => (await workbench.cursor()).line).toBeGreaterThan(1);
    const settings = readFileSync(path.join(folder, ".vscode/settings.json"), "utf8");
    expect(settings).toContain("bootscope.sourceMap");
    expect(settings).toContain(path.join(scratch, "sources"));
    await workbench.screenshot(window.picture("chosen-sources"));
    await workbench.runCommand("View: Close Editor");
  });
});

describe("several kernels in the workspace", () => {
  /** Command lines of the QEMUs that boot a kernel of this workspace. */
  const guests = (): string[] =>
    execFileSync("ps", ["-eo", "args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /^\S*qemu-system/.test(line) && line.includes(folder));

  /** Waits for the list of kernels: that of the command palette may have as many rows. */
  async function offered(): Promise<void> {
    const rows = window.workbench.quickInput
      .locator(".quick-input-list .monaco-list-row")
      .filter({ hasText: "bzImage" });
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(2);
  }

  it("nothing is booted when none is chosen", async () => {
    const { workbench } = window;
    await workbench.runCommand("Bootscope: Trace Boot");
    await offered();
    await workbench.page.keyboard.press("Escape");
    await workbench.quickInput.waitFor({ state: "hidden" });
    await workbench.commandAvailable("Bootscope: Show Log");
    expect(guests()).toEqual([]);
  });

  it("are offered, and the chosen one is booted", async () => {
    const { workbench } = window;
    await workbench.runCommand("Bootscope: Trace Boot");
    await offered();
    await workbench.screenshot(window.picture("kernel-pick"));
    await workbench.pick("out/arch/x86/boot/bzImage");
    await expect.poll(guests, { timeout: 60_000 }).toHaveLength(1);
    expect(guests()[0]).toContain("out/arch/x86/boot/bzImage");
    await workbench.notifications.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(guests, { timeout: 20_000 }).toEqual([]);
    await workbench.notifications.filter({ hasText: "cancelled" }).waitFor();
  });
});
