import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { extractedFolder } from "../../../../src/engine/guestFiles/extractedFolder";

describe("a folder of unpacked files", () => {
  it("is one when several windows make it at once", async () => {
    const cache = await mkdtemp(path.join(tmpdir(), "bootscope-extracted-"));
    onTestFinished(() => rm(cache, { recursive: true }));
    const make = () =>
      extractedFolder(cache, "initramfs", "same", async (draft) => {
        await draft.add("bin/true", Buffer.from("text"));
      });
    const [one, ...others] = await Promise.all([make(), make(), make()]);
    expect(others).toEqual([one, one]);
    expect(await readFile(path.join(one, "bin/true"), "utf8")).toBe("text");
    expect(await readdir(cache)).toEqual([path.basename(one)]);
  });
});
