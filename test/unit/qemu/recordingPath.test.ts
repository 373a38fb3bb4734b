import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { freeRecordingPath, recordingName, recordingPath } from "../../../src/qemu/recordingPath";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bootscope-output-"));
});
afterEach(() => rm(folder, { recursive: true }));

const moment = new Date(2026, 0, 3, 4, 5, 6);

describe("recording path", () => {
  it("is named by local date and time", () => {
    expect(recordingName(moment)).toBe("boot-20260103-040506");
  });

  it("takes a number when the name is taken", () => {
    const taken = new Set(["/t/a.bst", "/t/a-2.bst"]);
    expect(freeRecordingPath("/t", "a", (file) => taken.has(file))).toBe("/t/a-3.bst");
  });

  it("is the named file itself when a file is named", async () => {
    expect(await recordingPath(path.join(folder, "mine.bst"), moment)).toBe(path.join(folder, "mine.bst"));
  });

  it("is a new file in a folder that is there, or is made", async () => {
    expect(await recordingPath(folder, moment)).toBe(path.join(folder, "boot-20260103-040506.bst"));
    const missing = path.join(folder, "a b/ü/");
    const first = await recordingPath(missing, moment);
    await writeFile(first, "");
    expect(await recordingPath(missing, moment)).toBe(path.join(folder, "a b/ü/boot-20260103-040506-2.bst"));
  });

  it("keeps .bootscope out of version control, and a changed .gitignore as it is", async () => {
    const own = path.join(folder, ".bootscope/");
    await recordingPath(own, moment);
    expect(await readFile(path.join(own, ".gitignore"), "utf8")).toBe("*\n");
    await writeFile(path.join(own, ".gitignore"), "mine\n");
    await recordingPath(own, moment);
    expect(await readFile(path.join(own, ".gitignore"), "utf8")).toBe("mine\n");
  });

  it("says which folder cannot be made", async () => {
    await writeFile(path.join(folder, "file"), "");
    await expect(recordingPath(path.join(folder, "file/sub/"), moment)).rejects.toThrow(BootscopeError);
    await expect(recordingPath(path.join(folder, "file/sub/"), moment)).rejects.toThrow(/file\/sub/);
  });
});
