// `npm run test:electron`: the in-host suite in a desktop VS Code, given by VSCODE_PATH or downloaded.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { buildBundles } from "./checks.mjs";
import { ensureDesktop } from "./desktop.mjs";
import { suiteEnvironment } from "./integration.mjs";
import { resultsFolder, root } from "./paths.mjs";
import { alone, prepareBoot } from "./prepare.mjs";
import { followReport } from "./report.mjs";
import { bundleSuite } from "./suite.mjs";

const { values } = parseArgs({
  options: { filter: { type: "string" }, grep: { type: "string" }, version: { type: "string", default: "stable" } },
});

/** @param {string} program VS Code. */
async function runSuite(program) {
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
    () => (ended = `${program} ended without a report.`),
    (error) => (ended = `${program}: ${error.message}`),
  );
  const counts = await followReport(report, 8 * 60_000, () => ended);
  await finished;
  return counts;
}

async function main() {
  const program = await ensureDesktop(values.version);
  await buildBundles();
  await prepareBoot();
  const { passed, failed } = await alone(() => runSuite(program));
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exit(
  await main().catch((error) => {
    console.error(error.message);
    return 1;
  }),
);
