/** The inputs that hours of fuzzing kept are read or refused: nothing else is thrown, and each reading ends. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BootscopeError, toFailure } from "../../../src/protocol/failure";
import { unpackCorpus } from "../../fuzz/corpus";
import { fuzzTargets } from "../../fuzz/targets";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-corpus-"));
  await unpackCorpus(path.resolve(import.meta.dirname, "../../.."), folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("has inputs for each target", () => {
  expect(readdirSync(folder).sort()).toEqual(fuzzTargets.map(({ name }) => name).sort());
});

it.each(fuzzTargets.map((target) => [target.name, target] as const))(
  "%s reads or refuses them all",
  async (name, target) => {
    const faults: string[] = [];
    const inputs = readdirSync(path.join(folder, name));
    const output = mkdtempSync(path.join(folder, `${name}-`));
    for (const input of inputs) {
      try {
        await target.run(path.join(folder, name, input), output);
      } catch (error) {
        if (!(error instanceof BootscopeError)) faults.push(`${input}: ${toFailure(error).message}`);
      }
    }
    rmSync(output, { recursive: true, force: true });
    expect(inputs.length).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  },
);
