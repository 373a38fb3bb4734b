// One vitest project, counted by its own JSON report.
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "../../scripts/environment/processes.mjs";
import { resultsFolder, root } from "./paths.mjs";

/**
 * @param {string} project A project of vitest.config.mts.
 * @param {import("./main.mjs").Options} options
 * @param {number} timeout Milliseconds for the whole project.
 * @returns {Promise<import("./main.mjs").Counts>}
 */
export async function runVitest(project, { filter, grep }, timeout) {
  const report = path.join(resultsFolder, `${project}.json`);
  rmSync(report, { force: true });
  const args = [
    "run",
    "--project",
    project,
    "--reporter",
    "default",
    "--reporter",
    "json",
    "--outputFile.json",
    report,
  ];
  if (grep !== undefined) args.push("--testNamePattern", grep);
  if (filter !== undefined) args.push(filter);
  let problem = null;
  try {
    const program = path.join(root, "node_modules/vitest/vitest.mjs");
    await run(process.execPath, [program, ...args], { cwd: root, inherit: true, timeout });
  } catch (error) {
    problem = error;
  }
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    throw problem ?? new Error(`vitest wrote no report for "${project}".`);
  }
  const broken = results.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  const failed = results.numFailedTests + broken.length;
  // vitest also fails for what no test is to blame for, such as an unhandled rejection.
  return { passed: results.numPassedTests, failed: problem !== null && failed === 0 ? 1 : failed };
}
