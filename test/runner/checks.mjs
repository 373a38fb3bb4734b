// What is proved without running anything: types, lint rules, format, allowed imports.
import path from "node:path";
import { run } from "../../scripts/environment/processes.mjs";
import { step } from "../../scripts/environment/steps.mjs";
import { root } from "./paths.mjs";

const node = (...args) => run(process.execPath, args, { cwd: root, timeout: 300_000 });
const tool = (name) => path.join(root, "node_modules", name);

const checks = [
  ["Check types", () => node("scripts/typecheck.mjs")],
  ["Check lint rules", () => node(tool("eslint/bin/eslint.js"), ".")],
  ["Check format", () => node(tool("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", ".")],
  ["Check imports between folders", () => node("scripts/check-imports.mjs")],
];

export const buildBundles = () => step("Build", () => node("scripts/build.mjs"));

/** Each check that fails counts as one failure; checks are no tests, so none counts as passed. */
export async function checkStatically() {
  let failed = 0;
  for (const [title, check] of checks) {
    try {
      await step(title, check);
    } catch (error) {
      failed++;
      console.error(error.message);
    }
  }
  return { passed: 0, failed };
}
