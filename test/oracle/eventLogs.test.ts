/** Events of real logs, with and without time stamps, against cut, sort and uniq. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { readEvents } from "../../src/trace/events/eventChunks";
import { importTrace } from "../../src/trace/import/importTrace";

/** SeaBIOS has then found its devices, and polls for something to boot from. */
const logBytes = 24 * 1024 * 1024;
const patterns = ["memory_region_ops_*", "pic_*", "ioapic_*", "apic_*", "pci_*", "virtio_*"];

let folder: string;
beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "qemu-system-data"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope events "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lets SeaBIOS look for something to boot, and ends QEMU as a user would. */
async function record(options: readonly string[]): Promise<string> {
  const log = path.join(folder, `${options.length}.log`);
  const machine = ["-accel", "tcg", "-m", "128", "-display", "none", "-monitor", "none", "-serial", "none"];
  const traced = patterns.flatMap((pattern) => ["-trace", pattern]);
  const args = [...machine, "-device", "virtio-rng-pci", ...traced, ...options, "-D", log];
  const child = spawn("qemu-system-x86_64", args, { stdio: "ignore" });
  const ended = once(child, "exit");
  while (child.exitCode === null && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) < logBytes) await sleep(20);
  child.kill("SIGTERM");
  await ended;
  return log;
}

async function counts(file: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await readEvents(file, {}, (decoder) => {
    while (decoder.next()) {
      const { descriptor } = decoder.read();
      // A line that is not of its event's format would have it as text: under another name, no count is right.
      const name = descriptor.arguments.at(0)?.name === "text" ? `${descriptor.name} text` : descriptor.name;
      found.set(name, (found.get(name) ?? 0) + 1);
    }
  });
  return found;
}

describe.each([
  ["with time stamps", ["-msg", "timestamp=on"]],
  ["without time stamps", []],
])("a log of QEMU %s", (_title, options) => {
  it("has each event, described and as often as its lines say", async () => {
    const log = await record(options);
    const command = String.raw`sed -E 's/^[0-9]+@[0-9.]+://' "$1" | cut -d' ' -f1 | sort | uniq -c`;
    const lines = execFileSync("sh", ["-c", command, "sh", log], { encoding: "latin1" }).trim().split("\n");
    const expected = new Map(
      lines.map((line) => {
        const [count, name] = line.trim().split(" ");
        return [name, Number(count)];
      }),
    );
    expect(expected.size).toBeGreaterThan(5);
    expect(await counts(log)).toEqual(expected);
    const imported = `${log}.bst`;
    await importTrace(log, imported);
    expect(await counts(imported)).toEqual(expected);
  });
});
