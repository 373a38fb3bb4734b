// A browser's view of VS Code with a trace in it: what the demo and the end-to-end tests look at alike.

/** The size that the design is made for. */
export const viewport = { width: 1400, height: 900 };

/**
 * User settings that open recordings in the extension's editor from the first window on. A window takes a file that it is to
 * open before it knows its extensions' editors as text; where a setting names the editor, it waits for the extensions.
 */
export const traceEditorSettings = { "workbench.editorAssociations": { "*.bst": "bootscope.trace" } };

/**
 * The page inside the first custom editor of the window: a frame in a frame.
 *
 * @param {import("playwright-core").Page} page
 * @returns {import("playwright-core").FrameLocator}
 */
export const editorPage = (page) =>
  page.locator("iframe.webview.ready").first().contentFrame().locator("#active-frame").contentFrame();

/**
 * Waits until the trace editor has rows and reads nothing any more.
 *
 * @param {import("playwright-core").FrameLocator} editor As `editorPage` finds it.
 */
export async function waitUntilRead(editor) {
  await editor.locator('[data-testid="row"]').first().waitFor({ timeout: 120_000 });
  // The bar that shows the progress goes away when the whole trace has been totalled.
  await editor.locator("[role=progressbar]").waitFor({ state: "detached", timeout: 180_000 });
  // Icons are letters of a font that arrives by itself.
  await editor.locator("body").evaluate(async (body) => void (await body.ownerDocument.fonts.ready));
}
