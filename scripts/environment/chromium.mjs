// The browser that shows VS Code in tests, and how it must be started.
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { ensurePackages } from "./packages.mjs";

const programs = ["chromium", "chromium-browser", "google-chrome"];

function findProgram() {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    for (const program of programs) {
      const file = path.join(folder, program);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here: look on.
      }
    }
  }
  return null;
}

/** The path of Chromium; Debian's is installed when there is none. */
export async function ensureChromium() {
  const found = findProgram();
  if (found !== null) return found;
  await ensurePackages(["chromium", "fonts-dejavu-core"]);
  const installed = findProgram();
  if (installed === null) throw new Error("Chromium was installed but is not on the PATH.");
  return installed;
}

/** Options for playwright's `chromium.launch`: quiet, and without a sandbox where root could not have one. */
export const launchOptions = async () => ({
  executablePath: await ensureChromium(),
  headless: process.env.BOOTSCOPE_TEST_HEADED !== "1",
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
