/** The trace events of devices that a real QEMU logged, in the trace editor: by name, in a list, over time. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

const fixtures = path.resolve(import.meta.dirname, "../fixtures");
const themes = [
  { name: "Dark Modern", picture: "events-dark" },
  { name: "Light Modern", picture: "events-light" },
] as const;

let scratch: string;
let window: Window;
let editor: TraceEditor;
let lines: readonly string[];

const count = async (): Promise<string> => (await editor.part("event-count").innerText()).trim();
const eventNames = (): Promise<string[]> =>
  editor.part("events-table").locator(".table-content .col-event").allInnerTexts();
/** The lines of the log that tell of an event. */
const linesOf = (name: string): number =>
  lines.filter((line) => line.replace(/^\S+?:/, "").split(" ")[0] === name).length;
const inWords = (events: number): string => `${events.toLocaleString("en-US")} events`;

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "bootscope events "));
  const folder = path.join(scratch, "workspace");
  mkdirSync(folder);
  const text = gunzipSync(readFileSync(path.join(fixtures, "events-devices.log.gz")));
  lines = text.toString("latin1").trimEnd().split("\n");
  writeFileSync(path.join(folder, "devices.log"), text);
  cpSync(path.join(fixtures, "events-devices.trace-events"), path.join(folder, "trace-events"));
  window = await openWindow({ folder, settings: { "workbench.editorAssociations": { "*.log": "bootscope.log" } } });
  await window.workbench.openFromExplorer("devices.log");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});

afterAll(async () => {
  await window.workbench.screenshot(window.picture("events-end"));
  await window.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe("a log of trace events", () => {
  it("opens on its events, with their number, time and arguments by name", async () => {
    await expect.poll(count).toBe(inWords(lines.length));
    expect(await editor.header.innerText()).not.toMatch(/\b0 blocks|vmlinux/);
    expect(await editor.part("tab-functions").count()).toBe(0);
    const row = editor.part("events-table").locator("[data-testid=row]").first();
    expect(await row.locator(".col-moment").innerText()).toBe("0.000000 s");
    const name = lines[0].replace(/^\S+?:/, "").split(" ")[0];
    expect(await row.locator(".col-event").innerText()).toBe(name);
    expect(await row.locator(".col-arguments").innerText()).toMatch(/^\w+=\S+/);
    await window.workbench.screenshot(window.picture("events"));
  });

  it("shows the events of the name that is clicked, and all again by a second click", async () => {
    const name = editor.part("event-names").locator("[data-testid=row]").nth(1);
    const picked = (await name.locator(".col-name").innerText()).trim();
    await name.click();
    await expect.poll(count).toBe(inWords(linesOf(picked)));
    await expect.poll(async () => [...new Set(await eventNames())]).toEqual([picked]);
    await window.workbench.screenshot(window.picture("events-of-one-name"));
    await name.click();
    await expect.poll(count).toBe(inWords(lines.length));
  });

  it("is operated by keys: name, filter, list, copy", async () => {
    const { page } = window.workbench;
    await editor.part("event-names").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    const first = (await editor.part("event-names").locator(".col-name").nth(1).innerText()).trim();
    await expect.poll(count).toBe(inWords(linesOf(first)));
    await page.keyboard.press("Escape");
    await expect.poll(count).toBe(inWords(lines.length));
    await page.keyboard.press("/");
    await page.keyboard.type("pic_set_irq level=1");
    const wanted = lines.filter((line) => /pic_set_irq .* level 1$/.test(line)).length;
    await expect.poll(count).toBe(inWords(wanted));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+c");
    await expect.poll(() => editor.frame.locator("body").innerText()).toContain(`${inWords(wanted)} copied`);
    await page.keyboard.press("Escape");
    await expect.poll(count).toBe(inWords(lines.length));
  });

  it("saves the events that match, under a name that is proposed beside the trace", async () => {
    const wanted = lines.filter((line) => /pic_set_irq .* level 1$/.test(line)).length;
    await editor.part("event-filter").locator("input").fill("pic_set_irq level=1");
    await expect.poll(count).toBe(inWords(wanted));
    const target = path.join(scratch, "workspace/devices.log.events.csv");
    await editor.export("Save as CSV…");
    const input = window.workbench.quickInput.locator("input").first();
    await expect.poll(() => input.inputValue()).toBe(target);
    await window.workbench.chooseFile(target);
    await expect.poll(() => editor.part("message").innerText()).toContain(target);
    const [, ...rows] = readFileSync(target, "utf8").trimEnd().split("\n");
    expect(rows).toHaveLength(wanted);
    expect(rows.every((row) => row.includes("pic_set_irq"))).toBe(true);
    await editor.part("event-filter").locator("input").fill("");
    await expect.poll(count).toBe(inWords(lines.length));
  });

  it("follows the range selected on the timeline", async () => {
    await editor.selectRange(0.2, 0.6);
    await expect.poll(count).not.toBe(inWords(lines.length));
    await window.workbench.screenshot(window.picture("events-range"));
    await editor.timeline.press("Escape");
    await expect.poll(count).toBe(inWords(lines.length));
  });

  it("says what a filter that nothing matches could have been", async () => {
    await editor.part("event-filter").locator("input").fill("nothing_has_this");
    await expect.poll(() => editor.part("empty").innerText()).toContain("No event matches “nothing_has_this”.");
    await window.workbench.screenshot(window.picture("events-empty"));
    await editor.frame.getByRole("button", { name: "Clear Filter" }).click();
    await expect.poll(count).toBe(inWords(lines.length));
  });

  it.each(themes)("can be read in $name", async ({ name, picture }) => {
    await window.workbench.chooseTheme(name);
    await editor.part("events-table").focus();
    await window.workbench.screenshot(window.picture(picture));
    expect((await eventNames()).length).toBeGreaterThan(5);
  });

  it("can be read in high contrast", async () => {
    const { page } = window.workbench;
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    const body = editor.frame.locator("body");
    await expect.poll(() => body.getAttribute("class"), { timeout: 20_000 }).toMatch(/vscode-high-contrast/);
    await window.workbench.screenshot(window.picture("events-hc-dark"));
    expect((await eventNames()).length).toBeGreaterThan(5);
  });
});
