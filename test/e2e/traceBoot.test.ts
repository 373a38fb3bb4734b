/** Trace Boot from the command palette: to the opened trace, and cancelled half-way. */
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

let folder: string;
let window: Window;

/** QEMU processes that boot the workspace's kernel. */
function guests(): string[] {
  const processes = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return processes.filter((line) => /^\s*\d+ \S*qemu-system/.test(line) && line.includes(folder));
}

const recordings = (): string[] => {
  try {
    return readdirSync(path.join(folder, ".bootscope")).filter((name) => name.endsWith(".bst"));
  } catch {
    return [];
  }
};

beforeAll(async () => {
  ({ folder } = await ensureTestWorkspace());
  const kernel = path.join(folder, "arch/x86/boot/bzImage");
  window = await openWindow({ folder, settings: { "bootscope.traceBoot.kernel": kernel } });
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("trace-boot-end"));
  await window.close();
  rmSync(path.join(folder, ".bootscope"), { recursive: true, force: true });
});

describe("Bootscope: Trace Boot", () => {
  it("boots the workspace's kernel in a terminal, with the trace in one editor that fills meanwhile", async () => {
    const { workbench } = window;
    await workbench.runCommand("Bootscope: Trace Boot");
    await expect.poll(guests, { timeout: 60_000 }).toHaveLength(1);
    await expect.poll(() => workbench.activeFile(), { timeout: 120_000 }).toMatch(/\.bst$/);
    const editor = new TraceEditor(workbench);
    await editor.rows.first().waitFor({ timeout: 120_000 });
    await workbench.screenshot(window.picture("trace-boot-running"));
    await expect.poll(guests, { timeout: 120_000 }).toEqual([]);
    await editor.part("live").waitFor({ state: "detached", timeout: 60_000 });
    await editor.complete();
    await expect(workbench.page.locator(".tab").count()).resolves.toBe(1);
    expect(await editor.header.innerText()).toMatch(/complete/i);
    await expect.poll(() => editor.rowCount.innerText(), { timeout: 30_000 }).toMatch(/^\d,\d{3} functions$/);
    expect(recordings()).toHaveLength(1);
    expect(guests()).toEqual([]);
    await workbench.screenshot(window.picture("trace-boot-done"));
  });

  it("is cancelled half-way without leaving QEMU behind, and keeps what was recorded", async () => {
    const { workbench } = window;
    await workbench.runCommand("Bootscope: Trace Boot");
    await expect.poll(guests, { timeout: 60_000 }).toHaveLength(1);
    await workbench.notifications.filter({ hasText: /blocks\/s/ }).waitFor({ timeout: 60_000 });
    await workbench.notifications.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(guests, { timeout: 20_000 }).toEqual([]);
    const message = workbench.notifications.filter({ hasText: "cancelled" });
    await message.waitFor();
    await workbench.screenshot(window.picture("trace-boot-cancelled"));
    await message.getByRole("button", { name: "Open What Was Recorded" }).click();
    const partial = recordings().sort().at(-1);
    await expect.poll(() => workbench.activeFile()).toBe(partial);
    const editor = new TraceEditor(workbench);
    await editor.part("live").waitFor({ state: "detached", timeout: 60_000 });
    await editor.complete();
    expect(await editor.header.innerText()).toContain(partial);
    expect(recordings()).toHaveLength(2);
  });
});
