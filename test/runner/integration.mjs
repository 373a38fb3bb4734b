// The in-host suite inside VS Code's own server, whose window Chromium opens.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { launchOptions } from "../../scripts/environment/chromium.mjs";
import { viewport } from "../../scripts/environment/traceWindow.mjs";
import { servers } from "../../scripts/environment/vscodeServer.mjs";
import { startVscodeServer } from "../../scripts/environment/vscodeSession.mjs";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { resultsFolder, root } from "./paths.mjs";
import { followReport } from "./report.mjs";
import { bundleSuite } from "./suite.mjs";

/** Environment of the extension host: where the suite reports to and what it runs. */
export const suiteEnvironment = (report, { filter = "", grep = "" }) => ({
  BOOTSCOPE_TEST_REPORT: report,
  BOOTSCOPE_TEST_FILTER: filter,
  BOOTSCOPE_TEST_GREP: grep,
});

/**
 * @param {import("./main.mjs").Options} options
 * @param {number} timeout Milliseconds for the suite.
 * @param {{version: string, node: number}} [version] Which VS Code; the newest unless told otherwise.
 * @returns {Promise<import("./main.mjs").Counts>}
 */
export async function runIntegration(options, timeout, version = servers.newest) {
  const report = path.join(resultsFolder, `integration-${version.version}.jsonl`);
  mkdirSync(resultsFolder, { recursive: true });
  rmSync(report, { force: true });
  const suite = await bundleSuite();
  const { folder } = await ensureTestWorkspace();
  const { chromium } = await import("playwright-core");
  const server = await startVscodeServer({ server: version, suite: true, env: suiteEnvironment(report, options) });
  let browser;
  const messages = [];
  try {
    browser = await chromium.launch(await launchOptions());
    const page = await browser.newPage({ viewport });
    let problem = null;
    page.on("console", (message) => messages.push(message.text()));
    page.on("crash", () => (problem = "VS Code's window crashed."));
    browser.on("disconnected", () => (problem ??= "Chromium ended."));
    const payload = [
      ["extensionDevelopmentPath", server.remote(root)],
      ["extensionTestsPath", server.remote(suite)],
    ];
    await page.goto(server.url(folder, payload));
    return await followReport(report, timeout, () => problem);
  } finally {
    writeFileSync(path.join(resultsFolder, "integration-console.log"), `${messages.join("\n")}\n${server.output()}`);
    await browser?.close();
    server.dispose();
  }
}
