import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { eventNames } from "../../src/qemu/eventNames";
import { findQemu } from "../../src/qemu/probe";
import { isDisabled, parseTraceLine } from "../../src/qemu/traceEvents";

describe("the events of the QEMU on this machine", () => {
  let qemu: string;
  beforeAll(async () => {
    await ensurePackages(["qemu-system-x86"]);
    qemu = await findQemu("qemu-system-x86_64", false);
  });

  it("are those of its help, and compiled out are those that its trace-events disable", async () => {
    const { all, compiledOut } = await eventNames(qemu);
    const help = execFileSync(qemu, ["-trace", "help"], { encoding: "utf8" }).trim().split("\n");
    expect(all).toEqual(new Set(help));
    const disabled = readFileSync("/usr/share/qemu/trace-events-all", "utf8")
      .split("\n")
      .map(parseTraceLine)
      .filter((line) => line.kind === "event" && isDisabled(line))
      .map((line) => (line.kind === "event" ? line.name.text : ""))
      .filter((name) => all.has(name));
    expect(disabled.length).toBeGreaterThan(0);
    expect([...compiledOut].sort()).toEqual(disabled.sort());
  });

  it("are remembered until the program changes", async () => {
    const first = await eventNames(qemu);
    expect(await eventNames(qemu)).toBe(first);
  });

  it("say what is wrong with a program that is not QEMU, or not there", async () => {
    await expect(eventNames("/bin/false")).rejects.toMatchObject({ code: "qemu-failed" });
    await expect(eventNames("/no/such/qemu")).rejects.toMatchObject({ code: "no-qemu" });
  });
});
