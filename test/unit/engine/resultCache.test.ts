import { mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileFingerprint } from "../../../src/engine/fileFingerprint";
import { ResultCache } from "../../../src/engine/resultCache";
import { describeSource, importedCopy } from "../../../src/engine/traceSource";

const trace = path.resolve(import.meta.dirname, "../../fixtures/simpletrace-v4-vector.trace");

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bootscope-results-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("the cache of results", () => {
  it("makes room even when files go meanwhile, as those of another window do", async () => {
    const folder = await emptyFolder();
    for (const name of ["import-1", "import-2", "import-3"]) {
      await writeFile(path.join(folder, name), new Uint8Array(1000));
    }
    // Listed, and not there when it is looked at.
    await symlink("nowhere", path.join(folder, "import-4"));
    await new ResultCache(folder, 1000).trim();
    expect((await readdir(folder)).filter((name) => name !== "import-4")).toHaveLength(1);
  });

  it("marks an imported trace as used when it is used again, and leaves it the same file", async () => {
    const cache = new ResultCache(await emptyFolder());
    const source = await describeSource(trace, false);
    const copy = await importedCopy(source, cache, {});
    await utimes(copy, 1, (await stat(copy)).mtimeMs / 1000);
    const print = await fileFingerprint(copy);
    expect(await importedCopy(source, cache, {})).toBe(copy);
    expect((await stat(copy)).atimeMs).toBeGreaterThan(1_000_000);
    expect(await fileFingerprint(copy)).toBe(print);
  });
});
