// Whether the packaged extension is newer than what it is made from.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const sources = ["src", "webview", "media", "recorder", "sample", "package.json", "package-lock.json", "README.md"];

/** The file that `npm run package` writes. */
export function packageFile(root) {
  const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return path.join(root, `${name}-${version}.vsix`);
}

function newest(file) {
  const { mtimeMs } = statSync(file);
  if (!statSync(file).isDirectory()) return mtimeMs;
  const inside = readdirSync(file).map((name) => newest(path.join(file, name)));
  return Math.max(mtimeMs, ...inside);
}

export function isPackageCurrent(root) {
  const vsix = packageFile(root);
  if (!existsSync(vsix) || !existsSync(path.join(root, "dist/cli.js"))) return false;
  const made = statSync(vsix).mtimeMs;
  return sources.map((name) => path.join(root, name)).every((file) => !existsSync(file) || newest(file) < made);
}
