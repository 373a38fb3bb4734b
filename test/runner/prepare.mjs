// What the levels need on this machine, prepared once per run and before the tests' own clocks tick.
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { withLock } from "../../scripts/environment/cache.mjs";
import { ensureChromium } from "../../scripts/environment/chromium.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { run } from "../../scripts/environment/processes.mjs";
import { step } from "../../scripts/environment/steps.mjs";
import { ensureVscodeServer } from "../../scripts/environment/vscodeServer.mjs";
import { ensureTestWorkspace } from "../../scripts/environment/workspace.mjs";
import { root } from "./paths.mjs";

/** Windows of all clones on this machine share one kernel workspace: only one run at a time may change it. */
export const alone = (work) => withLock("test-workspace", work);

/** The real kernel, its recorded boot and a workspace that holds both; binutils and gdb as independent judges. */
export async function prepareBoot() {
  await ensurePackages(["binutils", "gdb", "qemu-system-x86", "gcc", "libc6-dev"]);
  await ensureBootTrace();
  await ensureTestWorkspace();
}

export async function prepareBrowser() {
  await ensureChromium();
  await ensureVscodeServer();
}

export const preparePackage = () =>
  step("Package the extension", () => run(process.execPath, ["scripts/package.mjs"], { cwd: root, timeout: 120_000 }));
