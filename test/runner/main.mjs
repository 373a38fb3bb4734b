// Runs the levels of tests that were asked for and adds up their results.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildBundles, checkStatically } from "./checks.mjs";
import { runIntegration } from "./integration.mjs";
import { resultsFolder } from "./paths.mjs";
import { alone, prepareBoot, preparePackage, prepareBrowser } from "./prepare.mjs";
import { runVitest } from "./vitest.mjs";

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 *
 * @typedef {object} Options
 * @property {string | undefined} filter Only test files whose name contains it.
 * @property {string | undefined} grep Only tests whose title matches it.
 */

const minutes = 60_000;

/** The levels in the order they run: cheap ones first. Each prepares what it needs and returns its counts. */
const levels = {
  static: () => checkStatically(),
  unit: (options) => runVitest("unit", options, 5 * minutes),
  oracle: async (options) => {
    await prepareBoot();
    return runVitest("oracle", options, 15 * minutes);
  },
  integration: async (options) => {
    await prepareBoot();
    await prepareBrowser();
    return alone(() => runIntegration(options, 12 * minutes));
  },
  e2e: async (options) => {
    await prepareBoot();
    await prepareBrowser();
    await preparePackage();
    return alone(() => runVitest("e2e", options, 15 * minutes));
  },
};

const help = `npm test [-- options]
  --level NAME    one of ${Object.keys(levels).join(", ")}; may be repeated; all of them without it
  --filter TEXT   only test files whose name contains it
  --grep PATTERN  only tests whose title matches it`;

/**
 * @param {readonly string[]} args Command line arguments.
 * @returns {Promise<number>} The exit code: 0 when every test of every level passed and none was empty.
 */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      level: { type: "string", multiple: true },
      filter: { type: "string" },
      grep: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const unknown = values.level?.find((name) => !(name in levels));
  if (values.help === true || unknown !== undefined) {
    console.log(unknown === undefined ? help : `There is no level "${unknown}".\n${help}`);
    return unknown === undefined ? 0 : 2;
  }
  mkdirSync(resultsFolder, { recursive: true });
  const total = { passed: 0, failed: 0 };
  const summary = [];
  const built = await attempt("build", async () => {
    await buildBundles();
    return { passed: 0, failed: 0 };
  });
  total.failed += built.failed;
  for (const name of built.failed > 0 ? [] : (values.level ?? Object.keys(levels))) {
    const start = Date.now();
    console.log(`\n── ${name} ${"─".repeat(70 - name.length)}`);
    const counts = await attempt(name, () => levels[name](values));
    total.passed += counts.passed;
    total.failed += counts.failed;
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    summary.push(`${name.padEnd(12)} ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  }
  console.log(`\n${summary.map((line) => `  ${line}`).join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? 1 : 0;
}

/** A level that breaks, or that finds no test, has failed once. */
async function attempt(name, work) {
  try {
    const counts = await work();
    if (counts.passed + counts.failed > 0 || name === "static" || name === "build") return counts;
    console.error(`The level "${name}" found no tests.`);
  } catch (error) {
    console.error(`\nThe level "${name}" could not run: ${error.message}`);
  }
  return { passed: 0, failed: 1 };
}
