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
    await expect.poll(() => editor.rowCount.innerText()).not.toBe(before);
    const names = await editor.names(5);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(name).toContain("mpihelp");
    await editor.filter("");
    await expect.poll(() => editor.rowCount.innerText()).toBe(before);
  });

  it("sorts by the column that is clicked", async () => {
    const hottest = await editor.names(3);
    await editor.sortBy("name");
    await expect.poll(() => editor.names(3)).not.toEqual(hottest);
    const names = await editor.names(12);
    const collator = new Intl.Collator("en");
    const sorted = [...names].sort((a, b) => collator.compare(a, b));
    expect([names, [...names].reverse()].map((order) => order.join())).toContain(sorted.join());
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

  it("opens a clicked function in the kernel's source, on its line, with the hot lines marked", async () => {
    const { workbench } = window;
    await editor.filter("mpihelp_submul_1");
    await expect.poll(() => editor.names(2)).toEqual(["mpihelp_submul_1"]);
    await editor.openFunction("mpihelp_submul_1");
    await expect.poll(() => workbench.activeTab.innerText(), { timeout: 60_000 }).toContain("generic_mpih-mul3.c");
    await workbench.editor.waitFor();
    const source = readFileSync(path.join(folder, "lib/mpi/generic_mpih-mul3.c"), "utf8").split("\n");
    const { line } = await workbench.cursor();
    // The function's name stands on the line, or on the one below when its type has a line of its own.
    expect(source.slice(line - 1, line + 1).join("\n")).toContain("mpihelp_submul_1");
    await expect.poll(async () => (await workbench.lineEndTexts()).length, { timeout: 30_000 }).toBeGreaterThan(3);
    expect((await workbench.lineEndTexts()).join("\n")).toMatch(/\d %/);
    await workbench.screenshot(window.picture("source-heat"));
  });
});
