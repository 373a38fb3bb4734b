/** The trace editor's page as a person sees it. */
import type { FrameLocator, Locator } from "playwright-core";
import { waitUntilRead } from "../../../scripts/environment/traceWindow.mjs";
import type { Workbench } from "./workbench";

export class TraceEditor {
  readonly frame: FrameLocator;

  constructor(private readonly workbench: Workbench) {
    this.frame = workbench.webview();
  }

  /** An element by the name that tests know it by. */
  part(name: string): Locator {
    return this.frame.locator(`[data-testid="${name}"]`);
  }

  /** Waits until the table has rows and nothing is being read any more. */
  async complete(): Promise<void> {
    await waitUntilRead(this.frame);
  }

  get header(): Locator {
    return this.part("header");
  }

  get timeline(): Locator {
    return this.part("timeline");
  }

  get rows(): Locator {
    return this.part("row");
  }

  get rowCount(): Locator {
    return this.part("row-count");
  }

  /** The switch that counts inlined code for the function that was inlined. */
  get inlinedSwitch(): Locator {
    return this.part("inlined");
  }

  /** The cell of a column in a row that is on the screen; the first row is 0. */
  cell(row: number, column: string): Locator {
    return this.rows.nth(row).locator(`.col-${column}`);
  }

  async names(count: number): Promise<string[]> {
    const cells = await this.rows.locator(".col-name").allInnerTexts();
    return cells.slice(0, count).map((text) => text.trim());
  }

  /** Types into the filter, replacing what is there. */
  async filter(text: string): Promise<void> {
    await this.part("filter").locator("input").fill(text);
  }

  async sortBy(column: string): Promise<void> {
    await this.part(`sort-${column}`).click();
  }

  /** Drags over the timeline between two shares of its width. */
  async selectRange(start: number, end: number): Promise<void> {
    const box = await this.timeline.boundingBox();
    if (box === null) throw new Error("The timeline is not on the screen.");
    const { mouse } = this.workbench.page;
    const y = box.y + box.height / 2;
    await mouse.move(box.x + box.width * start, y);
    await mouse.down();
    await mouse.move(box.x + (box.width * (start + end)) / 2, y, { steps: 4 });
    await mouse.move(box.x + box.width * end, y, { steps: 4 });
    await mouse.up();
  }

  get selection(): Locator {
    return this.part("timeline-selection");
  }

  /** Opens the menu of the toolbar and runs one of its entries. */
  async export(label: string): Promise<void> {
    await this.frame.getByRole("button", { name: "Export" }).click();
    await this.frame.getByRole("menuitem", { name: label }).click();
  }

  /** Clicks the name of a function that is on the screen. */
  async openFunction(name: string): Promise<void> {
    await this.part("function-name").getByText(name, { exact: true }).first().click();
  }
}
