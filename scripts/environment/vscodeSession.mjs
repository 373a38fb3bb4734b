// One running VS Code server with its own settings, extensions and data, and the addresses of its windows.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killTree, run, start } from "./processes.mjs";
import { ensureVscodeServer, servers } from "./vscodeServer.mjs";

/** Settings that keep a window quiet: nothing pops up, nothing looks for updates. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.restoreWindows": "none",
  "search.followSymlinks": false,
};

/** Reads the server's output up to the line that says where it listens. */
function listeningPort(child, lines) {
  return new Promise((resolve, reject) => {
    const watch = (stream) =>
      stream.setEncoding("utf8").on("data", (text) => {
        lines.push(text);
        if (lines.length > 1000) lines.shift();
        const port = /available at http:\/\/[^:]+:(\d+)/.exec(lines.join(""))?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    watch(child.stdout);
    watch(child.stderr);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`VS Code's server ended with ${code}:\n${lines.join("")}`)));
  });
}

/**
 * Starts VS Code's server on a free port of the loopback interface.
 *
 * @param {object} [options]
 * @param {{version: string, node: number}} [options.server] One of `servers`; the newest unless told otherwise.
 * @param {string} [options.vsix] A packaged extension to install first.
 * @param {Record<string, unknown>} [options.settings] User settings.
 * @param {boolean} [options.trusted] False: windows open in Restricted Mode, as a stranger's folder does.
 * @param {boolean} [options.suite] True: windows honour a payload that runs a suite inside. VS Code then shows no toasts.
 * @param {NodeJS.ProcessEnv} [options.env] Added to the environment of the server and of the extension host.
 * @param {string} [options.dataFolder] Keeps settings and state there; else they are removed with the server.
 * @returns {Promise<{origin: string, url: (folder: string, payload?: readonly (readonly [string, string])[]) => string,
 *   remote: (file: string) => string, dataFolder: string, output: () => string, dispose: () => void}>}
 *   `url` is the address of a window on a folder; `remote` names a file of this machine as such a window's payload does.
 */
export async function startVscodeServer(options = {}) {
  const { server = servers.newest, vsix, settings = {}, trusted = true, suite = false, env = {} } = options;
  const { node, main } = await ensureVscodeServer(server);
  const dataFolder = options.dataFolder ?? mkdtempSync(path.join(tmpdir(), "bootscope-vscode-"));
  const extensionsFolder = path.join(dataFolder, "extensions");
  const userFolder = path.join(dataFolder, "data/User");
  mkdirSync(userFolder, { recursive: true });
  mkdirSync(extensionsFolder, { recursive: true });
  const trust = { "security.workspace.trust.enabled": !trusted, "security.workspace.trust.startupPrompt": "never" };
  const settingsFile = path.join(userFolder, "settings.json");
  writeFileSync(settingsFile, JSON.stringify({ ...quietSettings, ...trust, ...settings }, null, 2));
  const folders = ["--server-data-dir", dataFolder, "--extensions-dir", extensionsFolder];
  const license = ["--accept-server-license-terms", "--disable-telemetry"];
  if (vsix !== undefined) {
    await run(node, [main, "--install-extension", vsix, "--force", ...folders, ...license], { timeout: 120_000 });
  }
  const token = randomUUID();
  const address = ["--host", "127.0.0.1", "--port", "0", "--connection-token", token];
  const driver = suite ? ["--enable-smoke-test-driver"] : [];
  const child = start(node, [main, ...address, ...folders, ...license, ...driver], {
    env: { ...process.env, ...env },
  });
  const dispose = () => {
    process.removeListener("exit", dispose);
    killTree(child);
    if (options.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", dispose);
  const lines = [];
  const port = await listeningPort(child, lines);
  const authority = `127.0.0.1:${port}`;
  return {
    origin: `http://${authority}`,
    url(folder, payload = []) {
      const query = new URLSearchParams({ tkn: token, folder });
      if (payload.length > 0) query.set("payload", JSON.stringify(payload));
      return `http://${authority}/?${query.toString().replaceAll("+", "%20")}`;
    },
    remote: (file) => `vscode-remote://${authority}${file}`,
    dataFolder,
    output: () => lines.join(""),
    dispose,
  };
}
