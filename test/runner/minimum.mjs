// `npm run test:minimum`: the in-host suite in the oldest VS Code that package.json promises to work in.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { servers } from "../../scripts/environment/vscodeServer.mjs";
import { buildBundles } from "./checks.mjs";
import { runIntegration } from "./integration.mjs";
import { root } from "./paths.mjs";
import { alone, prepareBoot } from "./prepare.mjs";

/** code-server 4.N carries VS Code 1.N: the test must not drift from what the manifest says. */
function checkVersion() {
  const promised = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).engines.vscode;
  const tested = servers.minimum.version.replace(/^4\.(\d+)\..*/, "^1.$1.0");
  if (promised !== tested) throw new Error(`engines.vscode is ${promised}, but the server tested here is ${tested}.`);
}

async function main() {
  const { values } = parseArgs({ options: { filter: { type: "string" }, grep: { type: "string" } } });
  checkVersion();
  await buildBundles();
  await prepareBoot();
  const { passed, failed } = await alone(() => runIntegration(values, 8 * 60_000, servers.minimum));
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exit(
  await main().catch((error) => {
    console.error(error.message);
    return 1;
  }),
);
