/** A folder that is not trusted: traces can be looked at, nothing is started. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

let window: Window;

beforeAll(async () => {
  const { folder } = await ensureTestWorkspace();
  window = await openWindow({ folder, trusted: false });
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("restricted-mode"));
  await window.close();
});

describe("in Restricted Mode", () => {
  it("shows a trace with names", async () => {
    const { workbench } = window;
    await workbench.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await workbench.openFromExplorer("boot.bst");
    const editor = new TraceEditor(workbench);
    await editor.complete();
    expect(await editor.header.innerText()).toMatch(/% named/);
  });

  it("does not offer Trace Boot", async () => {
    const { workbench } = window;
    await workbench.openPalette("Bootscope");
    const rows = workbench.quickInput.locator(".monaco-list-row");
    await expect.poll(() => rows.count()).toBeGreaterThan(0);
    const labels = (await rows.allInnerTexts()).join("\n");
    expect(labels).toContain("Open Trace");
    expect(labels).not.toContain("Trace Boot");
    await workbench.page.keyboard.press("Escape");
  });
});
