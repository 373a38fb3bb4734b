/** What the fuzzer found once is read well ever after: test/fixtures/fuzz has a folder per target. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { fuzzTargets } from "../../fuzz/targets";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-found-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = fuzzTargets.map(({ name }) => name);
const found = readdirSync(path.join(fixtures, "fuzz"));

it("has a target for each folder", () => {
  expect(names).toEqual(expect.arrayContaining(found));
});

describe.each(fuzzTargets.filter(({ name }) => found.includes(name)))("$name", (target) => {
  it.each(readdirSync(path.join(fixtures, "fuzz", target.name)))("%s is read or refused", async (file) => {
    try {
      await target.run(path.join(fixtures, "fuzz", target.name, file), folder);
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
    }
  });
});
