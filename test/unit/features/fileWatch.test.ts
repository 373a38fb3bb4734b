import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileWatch } from "../../../src/features/fileWatch";
import type { FileChange } from "../../../src/protocol/page";

let folder: string;
let file: string;
let changes: (FileChange | null)[];
let watch: FileWatch;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-watch-"));
  file = path.join(folder, "trace [1].bst");
  writeFileSync(file, "one");
  changes = [];
  watch = new FileWatch(file, (change) => changes.push(change));
  await watch.reset();
});
afterEach(() => {
  watch.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("watching a trace's file", () => {
  it("tells of growth", async () => {
    appendFileSync(file, "two");
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toBe("changed");
  });

  it("tells of removal, and of a replacement by another file", async () => {
    renameSync(file, `${file}.old`);
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toBe("deleted");
    writeFileSync(file, "another file");
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toBe("changed");
  });

  it("takes the file back as unchanged after a move to and fro", async () => {
    renameSync(file, `${file}.old`);
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toBe("deleted");
    renameSync(`${file}.old`, file);
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toBe(null);
  });

  it("is silent about other files, and when the folder is not there", async () => {
    writeFileSync(path.join(folder, "other"), "");
    const absent = new FileWatch(path.join(folder, "absent", "trace.bst"), (change) => changes.push(change));
    await absent.reset();
    await new Promise((resolve) => setTimeout(resolve, 600));
    absent.dispose();
    expect(changes).toEqual([]);
  });
});
