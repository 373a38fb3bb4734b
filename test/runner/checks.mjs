// What is proved without running anything: types, lint rules, format, allowed imports.
import path from "node:path";
import { run } from "../../scripts/environment/processes.mjs";
import { step } from "../../scripts/environment/steps.mjs";
import { root } from "./paths.mjs";

const node = (...args) => run(process.execPath, args, { cwd: root, timeout: 300_000 });
const tool = (name) => path.join(root, "node_modules", name);

/** Two lanes, each one program at a time: together they keep two cores busy about as long. */
const lanes = [
  [["Types", () => node("scripts/typecheck.mjs")]],
  [
    ["Lint rules", () => node(tool("eslint/bin/eslint.js"), ".")],
    ["Format", () => node(tool("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", ".")],
    ["Imports between folders", () => node("scripts/check-imports.mjs")],
  ],
];

export const buildBundles = () => step("Build", () => node("scripts/build.mjs"));

/** Each check that fails counts as one failure; checks are no tests, so none counts as passed. */
export async function checkStatically() {
  const problems = [];
  await step("Check types, lint rules, format and imports", () =>
    Promise.all(
      lanes.map(async (checks) => {
        for (const [title, check] of checks) {
          await check().catch((error) => problems.push(`✗ ${title}: ${error.message}`));
        }
      }),
    ),
  );
  for (const problem of problems) console.error(problem);
  return { passed: 0, failed: problems.length };
}
