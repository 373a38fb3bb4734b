// `npm run test:electron`: the in-host suite in a desktop VS Code, which @vscode/test-electron downloads.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { buildBundles } from "./checks.mjs";
import { suiteEnvironment } from "./integration.mjs";
import { resultsFolder, root } from "./paths.mjs";
import { prepareBoot } from "./prepare.mjs";
import { followReport } from "./report.mjs";
import { bundleSuite } from "./suite.mjs";

const { values } = parseArgs({
  options: { filter: { type: "string" }, grep: { type: "string" }, version: { type: "string", default: "stable" } },
});

async function download() {
  try {
    return await downloadAndUnzipVSCode({ version: values.version, cachePath: path.join(root, ".vscode-test") });
  } catch (error) {
    throw new Error(
      `A desktop VS Code (${values.version}) could not be downloaded: ${error.message}\n` +
        "This test needs update.code.visualstudio.com. Without it, run the same suite in VS Code's own server:\n" +
        "    npm test -- --level integration",
      { cause: error },
    );
  }
}

async function main() {
  const program = await download();
  await buildBundles();
  await prepareBoot();
  const suite = await bundleSuite();
  const { folder } = await ensureTestWorkspace();
  const report = path.join(resultsFolder, "integration-electron.jsonl");
  mkdirSync(resultsFolder, { recursive: true });
  rmSync(report, { force: true });
  let ended = null;
  const finished = runTests({
    vscodeExecutablePath: program,
    extensionDevelopmentPath: root,
    extensionTestsPath: suite,
    extensionTestsEnv: suiteEnvironment(report, values),
    launchArgs: [folder, "--disable-workspace-trust", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  }).then(
    () => (ended = "VS Code ended without a report."),
    (error) => (ended = `VS Code ended: ${error.message}`),
  );
  const { passed, failed } = await followReport(report, 8 * 60_000, () => ended);
  await finished;
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exit(
  await main().catch((error) => {
    console.error(error.message);
    return 1;
  }),
);
