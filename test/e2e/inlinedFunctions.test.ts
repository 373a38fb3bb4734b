/** Cost of inlined code: the switch over the table of functions, and the lines that the code was written on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

let window: Window;
let editor: TraceEditor;

beforeAll(async () => {
  const { folder } = await ensureTestWorkspace();
  window = await openWindow({ folder });
  await window.workbench.openFromExplorer("boot.bst");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("inlined-end"));
  await window.close();
});

describe("the switch for inlined functions", () => {
  it("gives inlined code rows of its own, which say what it was inlined into", async () => {
    await editor.filter("rdtsc");
    await expect.poll(() => editor.rowCount.innerText()).toMatch(/^\d+ of [\d,]+/);
    expect((await editor.names(9)).filter((name) => name.includes("inlined into"))).toEqual([]);
    await editor.inlinedSwitch.click();
    const isRow = (name: string) => /^rdtsc inlined into \S+ and \d+ others$/.test(name);
    await expect.poll(async () => (await editor.names(9)).some(isRow), { timeout: 60_000 }).toBe(true);
    await editor.filter("");
    await expect.poll(async () => (await editor.names(40)).some((name) => name.includes("inlined into"))).toBe(true);
    await window.workbench.screenshot(window.picture("inlined-functions"));
  });

  it("opens an inlined function where it is declared, with its cost on its own lines", async () => {
    const { workbench } = window;
    await editor.filter("rdtsc");
    await expect.poll(async () => (await editor.names(9)).some((name) => name.startsWith("rdtsc inlined"))).toBe(true);
    await editor.openFunction("rdtsc");
    await expect.poll(() => workbench.activeFile(), { timeout: 60_000 }).toBe("msr.h");
    await expect.poll(async () => (await workbench.lineEndTexts()).join(" "), { timeout: 30_000 }).toMatch(/\d %/);
    await workbench.screenshot(window.picture("inlined-heat"));
  });

  it("goes back to whole functions", async () => {
    await window.workbench.openFromExplorer("boot.bst");
    await editor.filter("");
    await editor.inlinedSwitch.click();
    const isInlined = async () => (await editor.names(40)).some((name) => name.includes("inlined into"));
    await expect.poll(isInlined).toBe(false);
  });
});
