/** VS Code's window as a person uses it: keys, clicks and what is on the screen. */
import type { FrameLocator, Locator, Page } from "playwright-core";
import { editorPage } from "../../../scripts/environment/traceWindow.mjs";

/** A cursor position as the status bar shows it, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export class Workbench {
  constructor(readonly page: Page) {}

  /** Waits until the window can be used. */
  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
    await this.page.locator(".statusbar-item").first().waitFor({ timeout: 60_000 });
    await this.explorer.first().waitFor({ timeout: 60_000 });
  }

  /**
   * Opens the command palette at a command. The palette lists what could be run when it was opened, and extensions and the
   * trust in the folder arrive some seconds after the window: until the command is there, it is opened anew.
   */
  private async findCommand(title: string): Promise<Locator> {
    const row = this.quickInput.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first();
    for (let attempt = 0; attempt < 30; attempt++) {
      await this.openPalette(title);
      const found = await row.waitFor({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
      if (found) return row;
      await this.closeQuickInput();
    }
    throw new Error(`The command palette does not offer "${title}".`);
  }

  /** Waits until a command is in the palette. */
  async commandAvailable(title: string): Promise<void> {
    await this.findCommand(title);
    await this.closeQuickInput();
  }

  /** Runs a command of the command palette by the title that people see. */
  async runCommand(title: string): Promise<void> {
    const row = await this.findCommand(title);
    await row.click();
  }

  private async closeQuickInput(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.quickInput.waitFor({ state: "hidden" });
  }

  /** Opens the command palette with the text typed in. */
  async openPalette(text: string): Promise<void> {
    const input = this.quickInput.locator("input").first();
    await this.page.keyboard.press("F1");
    await input.waitFor();
    await input.fill(`>${text}`);
  }

  /** Chooses the row of the open quick pick whose label is or starts with this text. */
  async pick(label: string): Promise<void> {
    const rows = this.quickInput.locator(".quick-input-list .monaco-list-row");
    await rows.filter({ hasText: label }).first().click();
  }

  /**
   * Chooses a path in VS Code's own file dialog: files are on another machine than the browser, so that one is shown.
   *
   * @param button the button's label; without, Enter is pressed
   */
  async chooseFile(path: string, button?: string): Promise<void> {
    const dialog = this.quickInput;
    const input = dialog.locator("input").first();
    await input.waitFor({ timeout: 20_000 });
    // The dialog writes its first folder a moment after it is there, over what was typed; while it looks a path up, it
    // takes no answer.
    for (let attempt = 0; attempt < 20 && (await dialog.isVisible()); attempt++) {
      await input.fill(path, { timeout: 1000 }).catch(() => undefined);
      await this.page.waitForTimeout(200);
      if (button === undefined) await this.page.keyboard.press("Enter");
      else
        await dialog
          .locator(".monaco-button", { hasText: button })
          .click({ timeout: 1000 })
          .catch(() => undefined);
      await dialog.waitFor({ state: "hidden", timeout: 1000 }).catch(() => undefined);
    }
    await dialog.waitFor({ state: "hidden", timeout: 1000 });
  }

  /** Chooses a colour theme by the label that people see. */
  async chooseTheme(label: string): Promise<void> {
    await this.runCommand("Preferences: Color Theme");
    const input = this.quickInput.locator("input").first();
    await input.fill(label);
    await this.pick(label);
    await this.quickInput.waitFor({ state: "hidden" });
  }

  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  /** Rows of the explorer's tree that are on the screen. */
  get explorer(): Locator {
    return this.page.locator(".explorer-folders-view .monaco-list-row");
  }

  /** Opens a file of the workspace's root folder as a double click in the explorer does. */
  async openFromExplorer(name: string): Promise<void> {
    const row = this.page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
    // The tree is virtual: a long one is scrolled until the row exists.
    await this.page.locator(".explorer-folders-view .monaco-list").focus();
    await this.page.keyboard.press("Home");
    for (let attempt = 0; attempt < 60 && (await row.count()) === 0; attempt++)
      await this.page.keyboard.press("PageDown");
    await row.first().dblclick();
  }

  /** The page inside a custom editor: a frame in a frame. */
  webview(): FrameLocator {
    return editorPage(this.page);
  }

  /** The file name of the editor that has the focus; empty when there is none. */
  async activeFile(): Promise<string> {
    const tab = this.page.locator(".editor-group-container.active .tab.active");
    return (await tab.count()) === 0 ? "" : ((await tab.first().getAttribute("data-resource-name")) ?? "");
  }

  /** The text editor of the active group. */
  get editor(): Locator {
    return this.page.locator(".editor-group-container.active .monaco-editor[role=code]").first();
  }

  async cursor(): Promise<Position> {
    const text = await this.page.locator("[id='status.editor.selection']").innerText();
    const match = /Ln ([\d,]+), Col ([\d,]+)/.exec(text);
    if (match === null) throw new Error(`The status bar shows no position but "${text}".`);
    const [line, column] = [match[1], match[2]].map((digits) => Number(digits.replaceAll(",", "")));
    return { line: line, column: column };
  }

  /** Texts that decorations add to the ends of the lines on the screen; non-breaking spaces as spaces. */
  async lineEndTexts(): Promise<string[]> {
    const texts = await this.editor.locator(".view-lines span").evaluateAll((spans) =>
      spans
        .map((span) => getComputedStyle(span, "::after").content)
        .filter((content) => content.startsWith('"') && content.length > 2)
        .map((content) => content.slice(1, -1)),
    );
    return texts.map((text) => text.replaceAll("\u00a0", " "));
  }

  /** Messages in the lower right corner. */
  get notifications(): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item");
  }

  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path });
  }
}
