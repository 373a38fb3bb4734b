// `npm run package`: the .vsix, without a warning and within its size.
import { deflateRawSync } from "node:zlib";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { run } from "./environment/processes.mjs";
import { fail } from "./environment/steps.mjs";

/** What the package may weigh besides the sample. */
const maximumBytes = 3 * 1024 * 1024;
const root = path.resolve(import.meta.dirname, "..");
const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

/** What the sample weighs inside the package, which deflates each file. */
function sampleBytes() {
  const folder = path.join(root, "sample");
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) => deflateRawSync(readFileSync(path.join(parentPath, name))).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function main() {
  const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const vsix = path.join(root, `${name}-${version}.vsix`);
  const lines = [];
  // There is no repository to link to; everything is bundled, so there are no dependencies to collect.
  const options = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--out", vsix];
  await run(process.execPath, [path.join(root, "node_modules/@vscode/vsce/vsce"), "package", ...options], {
    cwd: root,
    onLine(line) {
      lines.push(line);
      console.log(line);
    },
  });
  const warnings = lines.filter((line) => /\bwarning\b/i.test(line));
  if (warnings.length > 0) throw new Error(`vsce warned:\n${warnings.join("\n")}`);
  const bytes = statSync(vsix).size;
  const sample = sampleBytes();
  console.log(`${path.relative(process.cwd(), vsix)}: ${megabytes(bytes)}, of which the sample ${megabytes(sample)}`);
  if (bytes - sample > maximumBytes) {
    throw new Error(`Without the sample that is more than ${megabytes(maximumBytes)}.`);
  }
}

await main().catch(fail);
