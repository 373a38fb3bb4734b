/** `bootscope events --text` against the simpletrace.py of QEMU's source, line by line, over every simple trace that is here. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { ensureQemuSource } from "../../scripts/environment/qemuSource.mjs";
import { buildBundles, type Bundles } from "../support/bundles";

const fixtures = path.join(import.meta.dirname, "../fixtures");
/** What Debian's QEMU brings: of the release that wrote the fixtures. */
const installedEvents = "/usr/share/qemu/trace-events-all";

let folder: string;
let script: string;
let bundles: Bundles;

beforeAll(async () => {
  await ensurePackages(["qemu-system-data", "python3-minimal", "xz-utils"]);
  script = path.join(await ensureQemuSource(), "scripts/simpletrace.py");
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope simpletrace "));
});
afterAll(async () => {
  await bundles.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function outputOf(command: string, args: readonly string[], name: string): Promise<string> {
  const output = path.join(folder, name);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.pipe(createWriteStream(output));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(0);
  return readFileSync(output, "utf8");
}

describe.each([
  ["the vector", "simpletrace-v4-vector.trace", ["cat"], "simpletrace-v4-vector.trace-events"],
  ["block I/O, with texts", "simpletrace-v4-block-io.trace.gz", ["gzip", "-dc"], null],
  ["a boot", "simpletrace-v4-boot.trace.xz", ["xz", "-dc"], null],
])("the events of %s", (_title, name, [tool, ...flags], events) => {
  it("are printed as QEMU's script prints them", async () => {
    const trace = path.join(folder, `${name}.unpacked`);
    const bytes = execFileSync(tool, [...flags, path.join(fixtures, name)], { maxBuffer: 2 ** 30 });
    writeFileSync(trace, bytes);
    const described = events === null ? installedEvents : path.join(fixtures, events);
    const theirs = await outputOf("/usr/bin/python3", [script, described, trace], "theirs");
    const ours = await outputOf(
      process.execPath,
      [bundles.cli, "events", "--text", "--trace-events", described, trace],
      "ours",
    );
    // The script of QEMU 7.2 prints no space after the pid of an event without arguments; that of 8.2 does, and so do we.
    expect(ours.replace(/^(\w+ -?[\d.]+ pid=\d+) $/gm, "$1") === theirs).toBe(true);
  });
});
