// A desktop VS Code for the in-host suite: the one that VSCODE_PATH names, else one that @vscode/test-electron downloads.
import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { downloadAndUnzipVSCode } from "@vscode/test-electron";
import { root } from "./paths.mjs";

const withoutDesktop =
  "Without a desktop, run the same suite in VS Code's own server:\n    npm test -- --level integration";

/** Whether the file is a program of its own: launchers such as /usr/bin/code are scripts that end at once. */
function isProgram(file) {
  const start = Buffer.alloc(4);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, start, 0, start.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return start.toString("latin1") === "\x7fELF";
}

function given(file) {
  let usable;
  try {
    usable = isProgram(file);
  } catch (error) {
    throw new Error(`VSCODE_PATH: ${error.message}\n${withoutDesktop}`, { cause: error });
  }
  if (usable) return path.resolve(file);
  throw new Error(
    `VSCODE_PATH names ${file}, which is a script that starts VS Code, not VS Code.\n` +
      "Give the program itself, for example VSCODE_PATH=/usr/share/code/code",
  );
}

/**
 * @param {string} version What to download: a version, "stable" or "insiders". Says nothing about the one of VSCODE_PATH.
 * @returns {Promise<string>} The path of VS Code's program.
 */
export async function ensureDesktop(version) {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new Error(
      "A desktop VS Code needs a display, and there is none here. With one in memory:\n" +
        `    xvfb-run -a npm run test:electron\n${withoutDesktop}`,
    );
  }
  if (process.env.VSCODE_PATH) return given(process.env.VSCODE_PATH);
  try {
    return await downloadAndUnzipVSCode({ version, cachePath: path.join(root, ".vscode-test") });
  } catch (error) {
    throw new Error(
      `A desktop VS Code (${version}) could not be downloaded: ${error.message}\n` +
        "It comes from update.code.visualstudio.com. If VS Code is installed here, name it:\n" +
        `    VSCODE_PATH=/usr/share/code/code npm run test:electron\n${withoutDesktop}`,
      { cause: error },
    );
  }
}
