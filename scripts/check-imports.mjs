// Checks the table of allowed imports between folders: a file's folder tells what it may touch (docs/architecture.md).
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

/** Folder → folders and packages it may import. Longer folder names win. A folder may always import itself. */
const allowed = {
  "src/protocol": [],
  "src/compression": ["src/protocol", "node:*", "fzstd", "xz-decompress"],
  "src/trace": ["src/protocol", "src/compression", "src/qemu/traceEvents", "assembly", "node:*"],
  "src/symbols": ["src/protocol", "src/compression", "node:*"],
  "src/analysis": ["src/protocol", "src/trace", "src/symbols", "assembly"],
  "src/engine": ["src/protocol", "src/compression", "src/trace", "src/symbols", "src/analysis", "node:*"],
  "src/qemu": ["src/protocol", "src/trace", "src/symbols", "node:*"],
  "src/cli": ["src/protocol", "src/trace", "src/symbols", "src/engine", "src/qemu", "node:*", "commander"],
  "src/features": ["src/protocol", "src/engine/client", "src/qemu", "node:*", "vscode"],
  "src/extension.ts": ["src/features", "src/protocol", "node:*", "vscode"],
  webview: ["src/protocol", "preact*", "@preact/signals", "chart.js*", "@vscode/codicons*"],
  "webview/common/controls.tsx": ["webview", "src/protocol", "preact*", "@vscode/webview-ui-toolkit*"],
};

const root = path.resolve(import.meta.dirname, "..");
const folders = Object.keys(allowed).sort((a, b) => b.length - a.length);
const inside = (file, folder) => file === folder || file.startsWith(`${folder}/`) || file.startsWith(`${folder}.`);
const matches = (name, pattern) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : inside(name, pattern);

function* sources(folder) {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(name);
    else if (/\.tsx?$/.test(entry.name)) yield name;
  }
}

const problems = [];
let checked = 0;
for (const file of [...sources("src"), ...sources("webview")]) {
  const folder = folders.find((candidate) => inside(file, candidate));
  if (folder === undefined) {
    problems.push(`${file}: no row in the table of scripts/check-imports.mjs`);
    continue;
  }
  checked++;
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), "utf8"), true, true);
  for (const { fileName } of importedFiles) {
    const name = fileName.startsWith(".") ? path.posix.join(path.posix.dirname(file), fileName) : fileName;
    if (inside(name, folder)) continue;
    if (!allowed[folder].some((pattern) => matches(name, pattern))) problems.push(`${file} must not import ${name}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`check-imports: ${checked} files, ${problems.length} problems`);
process.exit(problems.length > 0 || checked === 0 ? 1 : 0);
