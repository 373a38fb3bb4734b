import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { parseQemuVersion, pluginApiOf, probeQemu } from "../../../src/qemu/probe";

describe("pluginApiOf", () => {
  it.each([
    ["5.2.0", null],
    ["6.0.0", 1],
    ["7.2.22", 1],
    ["8.2.10", 1],
    ["9.0.0", 2],
    ["9.1.3", 3],
    ["9.2.0", 4],
    ["10.0.2", 4],
    ["10.1.0", 5],
    ["10.2.1", 5],
    ["11.0.0", 6],
    ["11.0.50", 6],
    ["11.1.0", 7],
    ["12.0.0", 7],
  ])("%s has interface %s", (version, api) => {
    expect(pluginApiOf(version)).toBe(api);
  });
});

describe("parseQemuVersion", () => {
  it("reads a distribution's and a plain version", () => {
    expect(parseQemuVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright")).toBe("7.2.22");
    expect(parseQemuVersion("QEMU emulator version 11.1.0\n")).toBe("11.1.0");
  });

  it("does not take another program for QEMU", () => {
    expect(parseQemuVersion("GNU bash, version 5.2.15")).toBeNull();
  });
});

describe("probeQemu", () => {
  let folder: string;

  /** A program that answers like a QEMU. */
  function program(name: string, version: string, help: string): string {
    const file = path.join(folder, name);
    const script = `#!/bin/sh\ncase "$1" in --version) echo '${version}';; -help) echo '${help}';; *) exit 1;; esac\n`;
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    return file;
  }

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "bootscope probe "));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("finds the QEMU of the target on the PATH", async () => {
    const file = program("qemu-system-riscv64", "QEMU emulator version 10.1.0", "-plugin [file=]<file>");
    vi.stubEnv("PATH", `/nowhere:${folder}:/bin`);
    expect(await probeQemu(undefined, "riscv64")).toEqual({ path: file, version: "10.1.0", pluginApi: 5 });
  });

  it("says what to install when there is none", async () => {
    vi.stubEnv("PATH", folder);
    await expect(probeQemu(undefined, "x86_64")).rejects.toMatchObject({
      code: "no-qemu",
      message: expect.stringContaining("qemu-system-x86_64 is not on the PATH") as string,
      advice: expect.stringContaining("Install QEMU") as string,
    });
  });

  it("names the program that was given and is not there, is no QEMU, or is a folder", async () => {
    await expect(probeQemu("/nowhere/qemu", "x86_64")).rejects.toMatchObject({ code: "no-qemu" });
    const other = program("other", "GNU bash, version 5", "");
    await expect(probeQemu(other, "x86_64")).rejects.toThrow(`${other} is not QEMU.`);
    mkdirSync(path.join(folder, "directory"));
    await expect(probeQemu(path.join(folder, "directory"), "x86_64")).rejects.toMatchObject({ code: "no-qemu" });
  });

  it("refuses a QEMU without plugins, and one that is too old", async () => {
    const plain = program("plain", "QEMU emulator version 8.0.0", "-help display this help");
    await expect(probeQemu(plain, "x86_64")).rejects.toMatchObject({ code: "no-plugin-support" });
    const old = program("old", "QEMU emulator version 5.2.0", "-plugin file");
    await expect(probeQemu(old, "x86_64")).rejects.toMatchObject({
      code: "no-plugin-support",
      message: "QEMU 5.2.0 is too old to be recorded.",
    });
  });
});
