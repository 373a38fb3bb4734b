/** The main job on a real boot: open the trace, find the hot function, stand in its source. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

let folder: string;
let window: Window;
let editor: TraceEditor;

beforeAll(async () => {
  ({ folder } = await ensureTestWorkspace());
  window = await openWindow({ folder });
  await window.workbench.openFromExplorer("boot.bst");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("open-trace-end"));
  await window.close();
});

describe("a recorded boot, opened from the explorer", () => {
  it("says in the header what the trace is and that it is complete", async () => {
    const text = await editor.header.innerText();
    expect(text).toMatch(/Linux \d+\.\d+/);
    expect(text).toMatch(/QEMU \d+\.\d+/);
    expect(text).toContain("x86_64");
    expect(text).toMatch(/complete/i);
    expect(text).toMatch(/\d\d\.\d % named/);
  });

  it("shows the timeline and the functions, hottest first", async () => {
    const box = await editor.timeline.boundingBox();
    expect(box?.width).toBeGreaterThan(600);
    const shares = await Promise.all([0, 1, 2, 3].map((row) => editor.cell(row, "self").innerText()));
    const percents = shares.map((text) => Number(/([\d.]+) %/.exec(text)?.[1]));
    expect(percents).toEqual([...percents].sort((a, b) => b - a));
    expect(percents[0]).toBeGreaterThan(1);
    await window.workbench.screenshot(window.picture("trace-editor"));
  });

  it("filters as one types, and says how many match", async () => {
    const before = await editor.rowCount.innerText();
    await editor.filter("mpihelp");
    await expect.poll(() => editor.rowCount.innerText()).toMatch(/^\d+ of [\d,]+/);
    const others = async () => (await editor.names(50)).filter((name) => !name.includes("mpihelp"));
    await expect.poll(others).toEqual([]);
    expect((await editor.names(50)).length).toBeGreaterThan(3);
    await editor.filter("");
    await expect.poll(() => editor.rowCount.innerText()).toBe(before);
    // The count is there before the rows are.
    await expect.poll(others).not.toEqual([]);
  });

  it("sorts by the column that is clicked", async () => {
    const hottest = await editor.names(3);
    await editor.sortBy("first");
    await expect.poll(() => editor.names(3)).not.toEqual(hottest);
    const cells = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((row) => editor.cell(row, "first").innerText()));
    const seconds = cells.map((text) => Number.parseFloat(text));
    const ascending = [...seconds].sort((first, second) => first - second);
    expect([ascending, ascending.toReversed()]).toContainEqual(seconds);
    await editor.sortBy("self");
    await expect.poll(() => editor.names(3)).toEqual(hottest);
  });

  it("counts only the range selected on the timeline", async () => {
    const whole = await editor.rowCount.innerText();
    await editor.selectRange(0.7, 0.9);
    await editor.selection.waitFor();
    await expect.poll(() => editor.rowCount.innerText()).not.toBe(whole);
    await window.workbench.screenshot(window.picture("range-selected"));
    await editor.timeline.press("Escape");
    await expect.poll(() => editor.rowCount.innerText()).toBe(whole);
  });

  it("is filtered and copied by keys alone, from the phases too, and with Caps Lock", async () => {
    const { workbench } = window;
    const page = workbench.webview();
    const table = page.getByTestId("functions-table");
    await page.getByRole("tab", { name: "Phases" }).click();
    await workbench.page.keyboard.press("/");
    await workbench.page.keyboard.type("mpihelp_submul");
    await expect.poll(() => editor.names(2)).toEqual(["mpihelp_submul_1"]);
    await workbench.page.keyboard.press("Enter");
    await expect.poll(() => table.evaluate((element) => element === document.activeElement)).toBe(true);
    // What a browser reports with Caps Lock on: a capital letter without Shift.
    const capital = { key: "C", ctrlKey: true, bubbles: true, cancelable: true };
    await table.evaluate((element, keys) => element.dispatchEvent(new KeyboardEvent("keydown", keys)), capital);
    await page.getByText("1 row copied.").waitFor();
    await workbench.page.keyboard.press("Escape");
    await expect.poll(() => editor.rowCount.innerText()).not.toContain(" of ");
  });

  it("finds functions without hiding the others, and says at which of how many one is", async () => {
    const { workbench } = window;
    const { keyboard } = workbench.page;
    const before = await editor.rowCount.innerText();
    await editor.part("functions-table").focus();
    await keyboard.press("Control+F");
    const field = editor.part("find-text");
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    await keyboard.type("mpihelp_divrem");
    const count = editor.part("find-count");
    const focused = editor.frame.locator(".table-row.focused .col-name");
    await expect.poll(() => count.innerText()).toMatch(/^1 of \d+$/);
    await expect.poll(() => focused.innerText()).toContain("mpihelp_divrem");
    expect(await editor.rowCount.innerText()).toBe(before);
    await field.locator("input").fill("schedule");
    await expect.poll(() => count.innerText()).toMatch(/^\d+ of (?!1$)\d+$/);
    const [, number, hits] = /(\d+) of (\d+)/.exec(await count.innerText())?.map(Number) ?? [];
    expect(hits).toBeGreaterThan(2);
    await keyboard.press("Shift+Enter");
    await expect.poll(() => count.innerText()).toBe(`${number === 1 ? hits : number - 1} of ${hits}`);
    await keyboard.press("F3");
    await expect.poll(() => count.innerText()).toBe(`${number} of ${hits}`);
    await expect.poll(() => focused.innerText()).toContain("schedule");
    await workbench.screenshot(window.picture("find"));
    await keyboard.press("Escape");
    await count.waitFor({ state: "detached" });
    await keyboard.press("Home");
  });

  it("opens a clicked function in the kernel's source, on its line, with the hot lines marked", async () => {
    const { workbench } = window;
    await editor.filter("mpihelp_submul_1");
    await expect.poll(() => editor.names(2)).toEqual(["mpihelp_submul_1"]);
    await editor.openFunction("mpihelp_submul_1");
    await expect.poll(() => workbench.activeFile(), { timeout: 60_000 }).toBe("generic_mpih-mul3.c");
    await workbench.editor.waitFor();
    const source = readFileSync(path.join(folder, "lib/mpi/generic_mpih-mul3.c"), "utf8").split("\n");
    // Debug information begins a function at its name or at its opening brace.
    const around = async () => {
      const { line } = await workbench.cursor();
      return source.slice(Math.max(0, line - 3), line).join("\n");
    };
    await expect.poll(around, { timeout: 20_000 }).toContain("mpihelp_submul_1");
    await expect.poll(async () => (await workbench.lineEndTexts()).length, { timeout: 30_000 }).toBeGreaterThan(3);
    expect((await workbench.lineEndTexts()).join("\n")).toMatch(/\d %/);
    await workbench.screenshot(window.picture("source-heat"));
  });
});
