import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { buildRecorder, findRecorderSources } from "../../../src/qemu/recorderBuild";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope build "));
});
beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", mkdtempSync(path.join(folder, "cache-")));
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const cache = (): string => path.join(process.env["XDG_CACHE_HOME"]!, "bootscope", "recorder");
const sources = findRecorderSources(__dirname);

describe("buildRecorder", () => {
  it("compiles for every plugin interface, with only QEMU's symbols missing", async () => {
    for (const api of [1, 3, 7]) {
      const file = await buildRecorder(sources, api);
      const missing = execFileSync("nm", ["-D", "--undefined-only", file], { encoding: "utf8" });
      const foreign = missing.split("\n").filter((line) => line !== "" && !/qemu_plugin_|@|_ITM_|__gmon/.test(line));
      expect(foreign).toEqual([]);
      const exported = execFileSync("nm", ["-D", "--defined-only", file], { encoding: "utf8" });
      expect(exported.match(/\S+$/gm)?.sort()).toEqual(["qemu_plugin_install", "qemu_plugin_version"]);
    }
  }, 240_000);

  it("compiles once, also when several ask at once", async () => {
    const files = await Promise.all([1, 2, 3].map(() => buildRecorder(sources, 1)));
    expect(new Set(files).size).toBe(1);
    expect(readdirSync(cache())).toEqual([path.basename(files[0])]);
    expect(await buildRecorder(sources, 1)).toBe(files[0]);
    expect(await buildRecorder(sources, 2)).not.toBe(files[0]);
  }, 240_000);

  it("says that a compiler is missing, and leaves nothing behind", async () => {
    vi.stubEnv("PATH", "/nowhere");
    await expect(buildRecorder(sources, 1)).rejects.toMatchObject({
      code: "no-compiler",
      advice: expect.stringContaining("apt-get install gcc") as string,
    });
    expect(readdirSync(cache())).toEqual([]);
  });

  it("quotes the compiler when it fails", async () => {
    const broken = mkdtempSync(path.join(folder, "broken-"));
    writeFileSync(path.join(broken, "plugin.c"), "#include <no-such-header.h>\n");
    await expect(buildRecorder(broken, 1)).rejects.toMatchObject({
      code: "no-compiler",
      message: expect.stringContaining("no-such-header.h") as string,
    });
  });
});
