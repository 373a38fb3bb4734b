// Shows a trace in VS Code: in the person's own when `code` is there, else in VS Code's own server.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { cachePath } from "../environment/cache.mjs";
import { launchOptions } from "../environment/chromium.mjs";
import { run } from "../environment/processes.mjs";
import { step } from "../environment/steps.mjs";
import { startVscodeServer } from "../environment/vscodeSession.mjs";

/** Opens the trace in the VS Code that `code` starts. False when there is none that works. */
async function showOnDesktop({ vsix, folder, trace }) {
  if (spawnSync("code", ["--version"]).status !== 0) return false;
  await step("Install the extension in VS Code", () => run("code", ["--install-extension", vsix, "--force"]));
  await run("code", [folder, trace]);
  console.log(`VS Code has ${trace} open.`);
  return true;
}

/** A picture of the window at the reference size, once the functions table has rows. */
async function takeScreenshot(url, file) {
  mkdirSync(path.dirname(file), { recursive: true });
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch(await launchOptions());
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(url);
    // The first window of a new profile may open the file before it knows the extension's editor; the second knows it.
    const opened = page.locator("iframe.webview.ready").first();
    await opened.waitFor({ state: "attached", timeout: 45_000 }).catch(() => page.reload());
    const editor = page.locator("iframe.webview.ready").first().contentFrame().locator("#active-frame").contentFrame();
    await editor.locator("[role=row]").nth(5).waitFor({ timeout: 120_000 });
    // The bar that shows the progress goes away when the whole trace has been totalled.
    await editor.locator("[role=progressbar]").waitFor({ state: "detached", timeout: 120_000 });
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
}

/** @param {{vsix: string, folder: string, trace: string}} what The extension, the workspace and the trace in it. */
export async function showInEditor({ vsix, folder, trace }) {
  if (await showOnDesktop({ vsix, folder, trace })) return;
  const server = await startVscodeServer({ vsix });
  try {
    const url = server.url(folder, [["openFile", server.remote(trace)]]);
    const picture = cachePath("demo", `${path.basename(folder)}.png`);
    await step("Take a screenshot", () => takeScreenshot(url, picture));
    console.log(`\nScreenshot: ${picture}`);
    if (process.stdin.isTTY !== true || process.env.CI) return;
    console.log(`Open this in a browser (Ctrl+C ends it):\n\n    ${url}\n`);
    console.log("If the first window shows the trace as a binary file, reload it: it was faster than the extension.");
    await new Promise((resolve) => process.once("SIGINT", resolve));
  } finally {
    server.dispose();
  }
}
