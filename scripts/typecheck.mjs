// Type-checks each part of the project with the globals that part may use: core code has no DOM, page code no node.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(import.meta.resolve("typescript/lib/tsc.js"));

const projects = ["src", "src/features", "webview", "scripts", "test"];
let failed = false;
for (const project of projects) {
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], { stdio: "inherit" });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
