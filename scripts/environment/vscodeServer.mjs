// A real VS Code without a desktop and without a download host: its own server, as the npm package code-server carries it.
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureFolder, isComplete } from "./cache.mjs";
import { ensurePackages } from "./packages.mjs";
import { run } from "./processes.mjs";

/**
 * The servers that tests use: the version of the npm package `code-server` (4.N carries VS Code 1.N) and the major version
 * of Node that its native modules are built for.
 */
export const servers = {
  newest: { version: "4.139.1", node: 24 },
  /** The oldest VS Code that `engines.vscode` of package.json promises. */
  minimum: { version: "4.100.3", node: 20 },
};

/** What node-gyp needs to build the server's native modules. */
const buildPackages = [
  "python3",
  "make",
  "g++",
  "pkg-config",
  "libkrb5-dev",
  "libx11-dev",
  "libxkbfile-dev",
  "libsecret-1-dev",
];

/** The Node program of a major version: this one when it fits, else the npm package that holds it for this processor. */
async function ensureNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-linux-${process.arch}`;
  const folder = await ensureFolder(`node-${major}`, `Install Node ${major}`, (target, update) =>
    npmInstall(target, { [name]: String(major) }, {}, update),
  );
  return path.join(folder, "node_modules", name, "bin", "node");
}

/** Installs packages into a folder of their own, so that the project's dependencies stay small. */
async function npmInstall(folder, dependencies, env, update) {
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  // npm 11 leaves out install scripts unless told otherwise; here they build the server's native modules.
  const settings = { npm_config_dangerously_allow_all_scripts: "true", npm_config_foreground_scripts: "true" };
  await run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], {
    cwd: folder,
    env: { ...settings, ...env },
    onLine: update,
    timeout: 20 * 60_000,
  });
}

/**
 * VS Code's server, installed and built into the cache when it is not there.
 *
 * @param {{version: string, node: number}} server One of `servers`.
 * @returns {Promise<{node: string, main: string}>} The Node program and the server's main script.
 */
export async function ensureVscodeServer(server = servers.newest) {
  const node = await ensureNode(server.node);
  const main = "node_modules/code-server/lib/vscode/out/server-main.js";
  const name = `vscode-server-${server.version}`;
  if (!isComplete(name)) await ensurePackages(buildPackages);
  const title = `Install VS Code's server ${server.version} (compiles for some minutes)`;
  const folder = await ensureFolder(name, title, async (target, update) => {
    const env = { PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
    await npmInstall(target, { "code-server": server.version }, env, update);
    if (!existsSync(path.join(target, main))) throw new Error("code-server was installed without VS Code's server.");
    await run(node, [path.join(target, main), "--version"]);
  });
  return { node, main: path.join(folder, main) };
}
