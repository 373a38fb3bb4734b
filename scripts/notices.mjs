// ThirdPartyNotices.txt: the licences of everything that is bundled, found by what the bundler says it took.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Packages whose files are copied into dist/ and not bundled. */
const copied = ["@vscode/codicons"];

/** The package that a bundled file belongs to: the part of its path after the last node_modules. */
function packageFolder(input) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match === null ? null : match[1];
}

function notice(root, folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8"));
  const files = readdirSync(path.join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  if (files.length === 0 && license === undefined) throw new Error(`${name} says nothing about its licence.`);
  const texts = files.sort().map((file) => readFileSync(path.join(root, folder, file), "utf8").trim());
  return [`${name} ${version} (${license ?? "see below"})`, ...texts].join("\n\n");
}

/**
 * @param {string} root The project's folder.
 * @param {readonly import("esbuild").Metafile[]} metafiles What the bundler took, by bundle.
 * @param {string} output The file to write.
 */
export function writeNotices(root, metafiles, output) {
  const folders = new Set(copied.map((name) => `node_modules/${name}`));
  for (const { inputs } of metafiles) {
    for (const input of Object.keys(inputs)) {
      const folder = packageFolder(input);
      if (folder !== null && existsSync(path.join(root, folder, "package.json"))) folders.add(folder);
    }
  }
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  const head = "Bootscope contains the following software and fonts of others.";
  const notices = [...folders].sort().map((folder) => notice(root, folder));
  writeFileSync(output, `${[head, ...notices].join(rule)}\n`);
}
