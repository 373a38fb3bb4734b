/** The trace editor beside hot source in the four kinds of theme, changed while it is open. Look at the pictures. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { TraceEditor } from "./support/traceEditor";
import { openWindow, type Window } from "./support/window";

const themes = [
  { name: "Dark Modern", highContrast: null, kind: "vscode-dark", picture: "theme-dark" },
  { name: "Light Modern", highContrast: null, kind: "vscode-light", picture: "theme-light" },
  { name: "high contrast, dark", highContrast: "dark", kind: "vscode-high-contrast", picture: "theme-hc-dark" },
  {
    name: "high contrast, light",
    highContrast: "light",
    kind: "vscode-high-contrast-light",
    picture: "theme-hc-light",
  },
] as const;

let window: Window;
let editor: TraceEditor;

/** Relative luminance of a CSS colour such as "rgb(30, 30, 30)" (WCAG 2). */
function luminance(colour: string): number {
  const channels = /(\d+), (\d+), (\d+)/.exec(colour)?.slice(1).map(Number) ?? [];
  const [red, green, blue] = channels.map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(first: string, second: string): number {
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

beforeAll(async () => {
  const { folder } = await ensureTestWorkspace();
  window = await openWindow({ folder });
  await window.workbench.openFromExplorer("boot.bst");
  editor = new TraceEditor(window.workbench);
  await editor.complete();
});

afterAll(() => window.close());

describe.each(themes)("$name", ({ name, highContrast, kind, picture }) => {
  it("reaches the open page, whose text stays readable", async () => {
    const { workbench } = window;
    // VS Code offers its high-contrast themes where the system asks for high contrast, and then changes to them by itself.
    if (highContrast === null) await workbench.chooseTheme(name);
    else await workbench.page.emulateMedia({ forcedColors: "active", colorScheme: highContrast });
    const body = editor.frame.locator("body");
    await expect.poll(() => body.getAttribute("class"), { timeout: 20_000 }).toMatch(new RegExp(`(^| )${kind}( |$)`));
    await workbench.page.waitForTimeout(500);
    await workbench.screenshot(window.picture(picture));
    const [background, text] = await body.evaluate((element) => {
      const style = getComputedStyle(element);
      const probe = element.ownerDocument.createElement("span");
      probe.style.backgroundColor = "var(--vscode-editor-background)";
      element.append(probe);
      const colour = getComputedStyle(probe).backgroundColor;
      probe.remove();
      return [colour, style.color];
    });
    expect(contrast(background, text)).toBeGreaterThan(4.5);
  });
});
