// Shows a trace in VS Code: in the person's own when `code` is there, else in VS Code's own server.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cachePath } from "../environment/cache.mjs";
import { launchOptions } from "../environment/chromium.mjs";
import { run } from "../environment/processes.mjs";
import { step } from "../environment/steps.mjs";
import { editorPage, traceEditorSettings, viewport, waitUntilRead } from "../environment/traceWindow.mjs";
import { startVscodeServer } from "../environment/vscodeSession.mjs";

/** What tells that a window could appear: a display, a VS Code that this terminal belongs to, or Windows around us. */
const windowVariables = ["DISPLAY", "WAYLAND_DISPLAY", "VSCODE_IPC_HOOK_CLI", "WSL_DISTRO_NAME"];

/** Whether `code` is there and can open a window. As root it refuses to do anything. */
const isDesktopThere = () =>
  windowVariables.some((name) => process.env[name]) && spawnSync("code", ["--version"]).status === 0;

/** Opens the trace in the VS Code that `code` starts. */
async function showOnDesktop({ vsix, folder, trace }) {
  await step("Install the extension in VS Code", () => run("code", ["--install-extension", vsix, "--force"]));
  const settings = path.join(folder, ".vscode", "settings.json");
  mkdirSync(path.dirname(settings), { recursive: true });
  writeFileSync(settings, `${JSON.stringify(traceEditorSettings, null, 2)}\n`);
  await run("code", ["--new-window", folder, trace]);
  console.log(`VS Code opens ${trace}.`);
}

/** A picture of the window once the whole trace is in it. When it does not come, the picture shows what there is instead. */
async function takeScreenshot(url, file, options) {
  mkdirSync(path.dirname(file), { recursive: true });
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch(options);
  try {
    const page = await browser.newPage({ viewport });
    await page.goto(url);
    try {
      await waitUntilRead(editorPage(page));
    } catch (error) {
      await page.screenshot({ path: file });
      throw new Error(`VS Code did not show the trace; ${file} is a picture of what it shows.\n${error.message}`, {
        cause: error,
      });
    }
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
}

/** Shows the trace in VS Code's own server, and keeps it running for a person at a terminal. */
async function showInBrowser({ vsix, folder, trace }) {
  const options = await launchOptions();
  const server = await startVscodeServer({ vsix, settings: traceEditorSettings });
  try {
    const url = server.url(folder, [["openFile", server.remote(trace)]]);
    const picture = cachePath("demo", `${path.basename(folder)}.png`);
    await step("Open the trace and take a screenshot", () => takeScreenshot(url, picture, options));
    console.log(`\nScreenshot: ${picture}`);
    if (process.stdin.isTTY !== true || process.env.CI) return;
    console.log(`Open this in a browser (Ctrl+C ends it):\n\n    ${url}\n`);
    if (process.env.SSH_CONNECTION) {
      const { port } = new URL(server.origin);
      console.log(`From another machine, forward its port first: ssh -L ${port}:127.0.0.1:${port} <this machine>\n`);
    }
    await new Promise((resolve) => process.once("SIGINT", resolve));
  } finally {
    server.dispose();
  }
}

/** @param {{vsix: string, folder: string, trace: string}} what The extension, a workspace of the demo's own, the trace in it. */
export async function showInEditor(what) {
  await (isDesktopThere() ? showOnDesktop(what) : showInBrowser(what));
}
