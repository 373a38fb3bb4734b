/** A log that QEMU is writing while it is open. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

const stopped = /^Stopped execution of TB chain before /;

let scratch: string;
let log: string;
let qemu: ChildProcess;
let window: Window;
let editor: TraceEditor;

/** Lets QEMU run until its log has grown by so many bytes, and then stand still. */
async function write(bytes: number): Promise<void> {
  const size = (): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const wanted = size() + bytes;
  qemu.kill("SIGCONT");
  while (size() < wanted && qemu.exitCode === null) await setTimeout(5);
  qemu.kill("SIGSTOP");
}

/** Executions by QEMU's own lines, a half-written last one left out. A block that is stopped before it runs has two lines. */
function linesInLog(): number {
  const lines = readFileSync(log, "latin1").split("\n").slice(0, -1);
  return lines.filter((line) => line.startsWith("Trace ")).length - lines.filter((line) => stopped.test(line)).length;
}

/** Those that are sure: whether the last one runs, only what follows tells. */
function sureInLog(): number {
  const lines = readFileSync(log, "latin1").split("\n").slice(0, -1);
  return stopped.test(lines[lines.length - 1]) ? linesInLog() : linesInLog() - 1;
}

const shown = async (): Promise<number> => {
  const title = await editor.part("totals").locator("[title*='blocks executed']").getAttribute("title");
  return Number(/^([\d,]+) blocks executed/.exec(title ?? "")?.[1].replaceAll(",", ""));
};

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "bootscope live "));
  mkdirSync(path.join(scratch, "workspace"));
  writeFileSync(path.join(scratch, "workspace", "notes.txt"), "");
  log = path.join(scratch, "workspace", "qemu.log");
  const { vmlinuz } = await ensureKernel();
  window = await openWindow({ folder: path.join(scratch, "workspace") });
  const silent = ["-accel", "tcg", "-m", "512", "-display", "none", "-monitor", "none", "-serial", "none"];
  qemu = spawn("qemu-system-x86_64", [...silent, "-kernel", vmlinuz, "-d", "exec,nochain", "-D", log], {
    stdio: "ignore",
  });
  await write(4_000_000);
  await window.workbench.runCommand("Bootscope: Open Trace");
  await window.workbench.chooseFile(log);
  editor = new TraceEditor(window.workbench);
});

afterAll(async () => {
  qemu.kill("SIGKILL");
  await window.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe("a log that QEMU is writing", () => {
  it("is shown as far as it is written, and moves on with it", async () => {
    await expect.poll(() => editor.part("live").innerText(), { timeout: 60_000 }).toMatch(/^Live\s*Pause$/);
    await expect.poll(shown, { timeout: 60_000 }).toBe(sureInLog());
    expect(await editor.part("trust").innerText()).toContain("still being written");
    expect(await editor.rows.count()).toBeGreaterThan(0);
    await window.workbench.screenshot(window.picture("live"));
    await write(3_000_000);
    await expect.poll(shown, { timeout: 60_000 }).toBe(sureInLog());
  });

  it("stands still while it is paused", async () => {
    const before = await shown();
    await editor.part("live").focus();
    await window.workbench.page.keyboard.press("Enter");
    await expect.poll(() => editor.part("live").innerText()).toMatch(/^Paused\s*Resume$/);
    await write(3_000_000);
    await setTimeout(2000);
    expect(await shown()).toBe(before);
    await window.workbench.screenshot(window.picture("live-paused"));
    await editor.part("live").click();
    await expect.poll(shown, { timeout: 60_000 }).toBe(sureInLog());
  });

  it("is what it is at once when QEMU has ended", async () => {
    const ended = once(qemu, "exit");
    qemu.kill("SIGKILL");
    await ended;
    await editor.part("live").waitFor({ state: "detached" });
    await editor.complete();
    // QEMU was killed in the middle of a line, as like as not, which may have told enough.
    expect([linesInLog(), linesInLog() + 1]).toContain(await shown());
    expect(await editor.part("file-banner").count()).toBe(0);
    await window.workbench.screenshot(window.picture("live-ended"));
  });
});
