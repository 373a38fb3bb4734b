// Bundles the extension host, the engine and its workers, the CLI and the page into dist/.
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { context } from "esbuild";
import { assemblyForEsbuild } from "./assembly.mjs";
import { writeNotices } from "./notices.mjs";

const root = path.resolve(import.meta.dirname, "..");
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");
const dist = path.join(root, "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(path.join(dist, "webview"), { recursive: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  define: { "process.env.NODE_ENV": production ? '"production"' : '"development"' },
  logLevel: "info",
  metafile: true,
};
const builds = [
  {
    ...common,
    entryPoints: {
      extension: "src/extension.ts",
      engine: "src/engine/main.ts",
      scanWorker: "src/engine/scanWorker.ts",
      importWorker: "src/trace/import/importWorker.ts",
      cli: "src/cli/main.ts",
    },
    outdir: "dist",
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    plugins: [assemblyForEsbuild],
  },
  {
    ...common,
    entryPoints: { traceEditor: "webview/traceEditor/main.tsx" },
    outdir: "dist/webview",
    platform: "browser",
    format: "iife",
    target: "chrome128",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".ttf": "file" },
  },
];

copyFileSync(path.join(root, "node_modules/@vscode/codicons/dist/codicon.css"), path.join(dist, "webview/codicon.css"));
copyFileSync(path.join(root, "node_modules/@vscode/codicons/dist/codicon.ttf"), path.join(dist, "webview/codicon.ttf"));
const metafiles = [];
for (const build of builds) {
  const bundler = await context(build);
  if (watch) await bundler.watch();
  else {
    metafiles.push((await bundler.rebuild()).metafile);
    await bundler.dispose();
  }
}
if (production) writeNotices(root, metafiles, path.join(root, "ThirdPartyNotices.txt"));
