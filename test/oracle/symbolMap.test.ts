/** A System.map of the real kernel (nm makes the same lines) against the names that its ELF image gives. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { matchImage } from "../../src/analysis/symbolsMatch";
import { openImage } from "../../src/symbols/image";
import type { FunctionIndex } from "../../src/symbols/types";
import { openTraceFile } from "../../src/trace/reader";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";

it("names the blocks of a recorded boot as the vmlinux does, and is known as that kernel's", async () => {
  const { vmlinux } = await ensureKernel();
  const folder = mkdtempSync(path.join(tmpdir(), "bootscope-map-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "System.map");
  const { stdout, status } = spawnSync("nm", ["-n", vmlinux], { maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  writeFileSync(file, stdout);
  const [map, image] = [await openImage(file), await openImage(vmlinux)];
  onTestFinished(() => image.close());

  const { blocks, metadata } = await openTraceFile(await ensureBootTrace({ preset: "deterministic" }));
  const [own, theirs] = [map.lookupMany(blocks.address), image.lookupMany(blocks.address)];
  const inKernel = [...theirs.keys()].filter((block) => theirs[block] >= 0);
  expect(inKernel.length).toBeGreaterThan(40_000);
  const differing = inKernel.filter(
    (block) =>
      own[block] < 0 ||
      map.functions.name(own[block] as FunctionIndex) !== image.functions.name(theirs[block] as FunctionIndex),
  );
  // Without sizes a label inside of a function, or an alias at its start, can win.
  console.log(`${inKernel.length} blocks, ${differing.length} named otherwise`);
  expect(differing.length).toBeLessThan(inKernel.length * 0.01);
  expect(matchImage(blocks, metadata, map).match.verdict).toBe("matches");
});
