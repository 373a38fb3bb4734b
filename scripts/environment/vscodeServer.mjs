// A real VS Code without a desktop and without a download host: its own server, as the npm package code-server carries it.
import { readFileSync, writeFileSync } from "node:fs";
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

/** Runs npm where it may say nothing but progress, with a Node program of our choice. */
const npm = (folder, node, args, update) =>
  run("npm", [...args, "--no-audit", "--no-fund", "--foreground-scripts"], {
    cwd: folder,
    // npm 11 leaves out install scripts that nobody has approved; those that run here are named one by one.
    env: {
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
      npm_config_dangerously_allow_all_scripts: "true",
      // node-pty's script asks npx for node-gyp.
      npm_config_yes: "true",
    },
    onLine: update,
    timeout: 20 * 60_000,
  });

/** Installs one package into a folder of its own, without running what it brings along. */
async function installPackage(folder, node, name, version, update) {
  writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ private: true, dependencies: { [name]: version } }),
  );
  await npm(folder, node, ["install", "--ignore-scripts", "--no-package-lock"], update);
}

/**
 * The modules that a server builds when it is installed. Not those that its own package.json denies, and not ripgrep, whose
 * script only downloads a program for text search.
 */
function nativeModules(serverFolder) {
  const { packages } = JSON.parse(readFileSync(path.join(serverFolder, "node_modules/.package-lock.json"), "utf8"));
  const { allowScripts = {} } = JSON.parse(readFileSync(path.join(serverFolder, "package.json"), "utf8"));
  const denied = ["@vscode/ripgrep"];
  for (const [name, allowed] of Object.entries(allowScripts)) {
    if (allowed === false) denied.push(name.replace(/(?<=.)@.*$/, ""));
  }
  return Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([name]) => name.slice(name.lastIndexOf("node_modules/") + "node_modules/".length))
    .filter((name) => !denied.includes(name));
}

/** The Node program of a major version: this one when it fits, else the npm package that holds it for this processor. */
async function ensureNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-linux-${process.arch}`;
  const folder = await ensureFolder(`node-${major}`, `Install Node ${major}`, (target, update) =>
    installPackage(target, process.execPath, name, String(major), update),
  );
  return path.join(folder, "node_modules", name, "bin", "node");
}

/**
 * VS Code's server, installed and built into the cache when it is not there.
 *
 * @param {{version: string, node: number}} server One of `servers`.
 * @returns {Promise<{node: string, main: string}>} The Node program and the server's main script.
 */
export async function ensureVscodeServer(server = servers.newest) {
  const node = await ensureNode(server.node);
  const inside = "node_modules/code-server/lib/vscode";
  const name = `vscode-server-${server.version}`;
  if (!isComplete(name)) await ensurePackages(buildPackages);
  const title = `Install VS Code's server ${server.version} (compiles for some minutes)`;
  const folder = await ensureFolder(name, title, async (target, update) => {
    await installPackage(target, node, "code-server", server.version, update);
    const serverFolder = path.join(target, inside);
    await npm(serverFolder, node, ["install", "--omit=dev", "--ignore-scripts"], update);
    await npm(serverFolder, node, ["rebuild", ...nativeModules(serverFolder)], update);
    await run(node, [path.join(serverFolder, "out/server-main.js"), "--version"]);
  });
  return { node, main: path.join(folder, inside, "out/server-main.js") };
}
