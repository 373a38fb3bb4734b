// The in-host suite as JavaScript: every test file of test/integration, bundled on its own.
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { root, suiteFolder } from "./paths.mjs";

/** Bundles the suite and returns the module that VS Code is told to load. */
export async function bundleSuite() {
  const { build } = await import("esbuild");
  const { assemblyForEsbuild } = await import("../../scripts/assembly.mjs");
  const sources = path.join(root, "test/integration");
  rmSync(suiteFolder, { recursive: true, force: true });
  await build({
    entryPoints: readdirSync(sources)
      .filter((name) => name === "index.ts" || name.endsWith(".test.ts"))
      .map((name) => path.join(sources, name)),
    outdir: suiteFolder,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
    plugins: [assemblyForEsbuild],
  });
  return path.join(suiteFolder, "index.js");
}
